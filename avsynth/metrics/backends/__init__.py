"""One file a recognizer; their packages are imported only here."""
