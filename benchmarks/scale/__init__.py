"""What large tables cost: bulk embedding and prediction, and what is made of them.

Parts, each of generated data, in one run on one machine; `--parts` takes some:

``embed``    bulk embedding beside the encoder itself, and what a second worker brings. Its weights are random (the
             speed does not depend on them); `--size` is the edge of its view, which gives the work of a cutout.
``predict``  bulk prediction on one core, beside reading the same embeddings; killed and begun again.

Most times are of the clock: measure on a machine that does nothing else.
"""
