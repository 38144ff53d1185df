"""Editing a finished dub: its lines as a table, revisions of it, and rendering what changed."""
