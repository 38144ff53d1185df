"""Who speaks when: an interface, one speaker for all, and embeddings that are clustered."""
