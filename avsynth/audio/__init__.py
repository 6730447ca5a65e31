"""Changes sound without losing time: resample, loudness, stretch, mix."""
