"""Networks that turn a cutout into an embedding, and their checkpoints."""
