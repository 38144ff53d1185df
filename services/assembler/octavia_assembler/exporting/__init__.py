"""Exports: other files made of a job's source and its finished results."""
