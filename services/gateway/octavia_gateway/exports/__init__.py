"""Exports: other files of a finished job, made for nothing and kept with it."""
