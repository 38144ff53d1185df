"""Effects once: what a service consumed (inbox) and what it has yet to say (outbox), in its tables."""
