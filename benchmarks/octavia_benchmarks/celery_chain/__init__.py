"""The baseline of the throughput: the same five steps as a Celery chain over Redis, on the same store."""
