"""``python -m benchmarks table``: how fast parts of a large embedding table are read, in which format, and from where.

Made-up tables of 10^6 and 10^7 rows, 64 dimensions, are written in the product's format (plain columns, memory-mapped)
and in Arrow's (uncompressed, memory-mapped, by pyarrow), and read in processes of their own: from the disk, and over
HTTP from a server on this machine that waits before every answer. What memory itself can do is measured in
the same run.
``--heads`` adds what storing embeddings in fewer bits costs a classifier, on the blocks of ``benchmarks science``.
"""
