"""SegCLR: embeddings of small pieces of cells in electron microscopy, without a user interface.

The areas, each importing only those before it: ``em`` reads volumes, ``encoder`` turns cutouts into embeddings,
``training`` makes encoders, ``embeddings`` keeps millions of them, ``heads`` classifies, ``explore`` lays them out.
"""
