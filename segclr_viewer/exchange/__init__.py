"""Labels and predictions in other programs' formats, out and in."""
