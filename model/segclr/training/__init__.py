"""Contrastive training of an encoder from a volume and its skeletons."""
