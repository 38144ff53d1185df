"""Prompts are looked at before anything is held: by rules that a person can edit, by an endpoint if set."""
