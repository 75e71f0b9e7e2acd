"""Heads as functions of the log: fitted, judged, and over its history."""
