"""From phonemes to a mouth that says them: visemes, motion, renderers and compositing."""
