"""What the running app knows and does: one method per use case, on one thread."""
