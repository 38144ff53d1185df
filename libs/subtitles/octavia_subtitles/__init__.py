"""Subtitles cut for reading: cues, the files that hold them, and a validator of the rules."""
