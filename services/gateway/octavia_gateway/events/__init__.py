"""The live stream of a user's job events (SSE)."""
