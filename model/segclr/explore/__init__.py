"""Layouts and neighbours of embeddings."""
