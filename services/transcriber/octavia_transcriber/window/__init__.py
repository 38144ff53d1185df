"""The moving window: lets a job's chunks into the stages a few at a time, as others come out."""
