"""Watermark engines, one a file."""
