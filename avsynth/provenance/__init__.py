"""Who allowed it and how anyone can tell: consent, watermarks, Content Credentials, inspection of any file."""
