"""Personal API keys, for machines."""
