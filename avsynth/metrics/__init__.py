"""Measures of a finished dub, taken from its own picture and sound."""
