"""What to ask an annotator next: pure functions over arrays, deterministic for a seed."""
