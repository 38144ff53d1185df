"""The join: counts what has arrived of each run and says when a language, and a job, is complete."""
