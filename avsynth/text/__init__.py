"""Dubbing scripts, text, phonemes in IPA and how each one is made by the mouth."""
