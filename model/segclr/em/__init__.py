"""Electron microscopy: volumes, cutouts, skeletons, meshes, and the generated phantom."""
