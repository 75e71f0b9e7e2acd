"""Published embeddings: Google's release of SegCLR, read over HTTP, one segment at a time."""
