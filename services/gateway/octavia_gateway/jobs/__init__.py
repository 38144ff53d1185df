"""Jobs as their owner sees them: created, processed, followed, cancelled, deleted."""
