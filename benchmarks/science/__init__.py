"""``python -m benchmarks science``: the evidence that the embeddings say what they are said to say.

Everything is measured on generated blocks whose seeds no encoder was trained on, with the same splits by cell, the same
cutouts and the same scores for the encoder and for everything that it is compared with.
"""
