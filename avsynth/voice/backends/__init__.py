"""Engines of the voice room, one file each."""
