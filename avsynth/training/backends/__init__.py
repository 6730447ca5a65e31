"""The training loops; SpeechBrain and torch are imported here only."""
