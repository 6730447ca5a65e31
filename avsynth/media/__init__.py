"""Reads, writes and joins films and sound files exactly, and distrusts what it is given."""
