"""avsynth dubs talking people into other languages with their own voice and with lips that match."""

__version__ = "0.1.0"
