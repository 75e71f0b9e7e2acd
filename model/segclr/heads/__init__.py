"""Classifiers on embeddings, calibrated and evaluated on held-out segments."""
