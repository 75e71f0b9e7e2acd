"""The labels of a task as the app keeps them: one place, one label, event by event."""
