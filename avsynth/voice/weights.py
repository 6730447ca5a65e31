"""The cards of our own weights that cloners speak with; light to import, so that a plan can name what it depends on."""

from __future__ import annotations

PHONEMES, CONVERTER, VOCODER = "phonemes/phoneme-net", "voice_converter/libri", "vocoder/pulses-and-noise"
# By cloner: with others, its lines sound differently.
WEIGHTS = {"neural": (PHONEMES, CONVERTER, VOCODER)}
