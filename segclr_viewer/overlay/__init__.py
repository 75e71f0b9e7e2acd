"""Classes painted on voxels and surfaces."""
