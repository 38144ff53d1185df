"""The read model: what the events of all services say about jobs and credits."""
