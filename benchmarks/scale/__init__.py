"""What bulk embedding costs beside the encoder itself, and what a second worker brings.

Parts: ``embed``. A generated block, an encoder with random weights (its speed does not depend on them), all in one run
on one machine; ``--size`` is the view's edge, from which the work of a cutout follows. Most times are of the clock:
measure on a machine that does nothing else.
"""
