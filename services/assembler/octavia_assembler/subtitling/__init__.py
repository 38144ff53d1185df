"""Subtitles for their own sake: jobs whose lines are only written, and never spoken."""
