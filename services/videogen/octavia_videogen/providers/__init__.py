"""Who makes the videos: one small interface, three adapters."""
