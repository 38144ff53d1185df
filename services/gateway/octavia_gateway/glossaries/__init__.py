"""Lists of terms that a user keeps: how they are translated, and how they are spoken."""
