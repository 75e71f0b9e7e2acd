"""What exploring costs: layouts, placement, neighbours, clusters, comparisons; see ``command``."""
