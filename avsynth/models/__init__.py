"""Networks and the one door through which their weights come in."""
