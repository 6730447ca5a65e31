"""The sample that the documents' examples work on."""

from jobs import sample

__all__ = ["sample"]
