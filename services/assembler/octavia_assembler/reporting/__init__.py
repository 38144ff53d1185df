"""What came out, in figures: the report of a finished language."""
