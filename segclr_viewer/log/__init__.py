"""The label log: its events, what follows from them, and how they are kept, moved and copied."""
