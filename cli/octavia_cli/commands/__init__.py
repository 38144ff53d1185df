"""The commands of the client, one module a subject."""
