"""Voices remembered for people who speak again and again."""
