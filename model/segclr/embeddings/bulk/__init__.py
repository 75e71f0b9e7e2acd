"""Bulk embedding: a project's nodes in blocks of space, each a shard of its own, on one machine or many."""
