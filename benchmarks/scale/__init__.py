"""What large tables cost: reading, embedding, predicting, showing, and a cubic millimetre on paper.

Parts, each of generated data, in one run on one machine; `--parts` takes some:

``table``    open a table, one segment of it, over HTTP too, a sample, all of it, a box; add rows to one.
``bits``     what float16 and int8 cost a head, on the blocks of `benchmarks science`, made where they are not there.
``embed``    bulk embedding beside the encoder itself, and what a second worker brings. Its weights are random (the
             speed does not depend on them); `--size` is the edge of its view, which gives the work of a cutout.
``predict``  bulk prediction on one core, beside reading the same embeddings; killed and begun again.
``export``   predictions as layers for Neuroglancer.
``cost``     of a cubic millimetre: inputs, each with its source, and what follows from them.

Most times are of the clock: measure on a machine that does nothing else.
"""
