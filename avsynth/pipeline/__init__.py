"""From a film and a script to a finished dub: plan, stages, cache, executors, reports."""
