"""Tables of predictions: a whole table classified with a head, in blocks that are resumed or distributed."""
