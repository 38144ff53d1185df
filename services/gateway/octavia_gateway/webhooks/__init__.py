"""Web hooks: a user's own addresses are told how jobs and videos ended (Standard Webhooks)."""
