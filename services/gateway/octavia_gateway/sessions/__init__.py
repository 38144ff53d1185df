"""A user's open sessions."""
