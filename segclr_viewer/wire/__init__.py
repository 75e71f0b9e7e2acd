"""What goes between the page and the session: requests, answers and messages."""
