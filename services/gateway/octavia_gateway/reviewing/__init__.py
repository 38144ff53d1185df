"""Jobs that stop for their owner to look at what was heard, or at its translation, until released."""
