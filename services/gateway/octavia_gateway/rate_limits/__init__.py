"""How often callers may call: limits shared by all replicas, and doors that open slowly to guessers."""
