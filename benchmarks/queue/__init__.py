"""``python -m benchmarks queue``: does the labelling queue save labels?

A simulated expert, who knows the truth of generated blocks and may be told to err, labels what the queue asks. Measured
is macro F1 on held-out cells against the number of labels, beside blind choice and pure uncertainty.
"""
