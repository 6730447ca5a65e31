"""How networks are trained: manifests, settings, the training loop, export with a card."""
