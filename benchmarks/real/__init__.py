"""``python -m benchmarks real``: what label-free training gives on real data, of which there is little.

Both volumes are cut in two: an encoder is trained on one half, from the data and an automatic segmentation alone, and
asked about the other. It is compared with features that need no training, on the same cutouts.
"""
