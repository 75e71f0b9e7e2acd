"""A whole table classified with a head, in blocks that are resumed or distributed, and layers of that for viewers."""
