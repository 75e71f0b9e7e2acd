"""Tables of embeddings: made in bulk, stored, aggregated along skeletons."""
