"""From events to ledger operations and back: one handler a topic, each called with a whole batch."""
