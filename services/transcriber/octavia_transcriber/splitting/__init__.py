"""From a reserved job to the plan of its chunks, with their audio in the store."""
