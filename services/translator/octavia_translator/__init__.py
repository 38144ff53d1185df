"""The translator: from a chunk's transcript to its lines in one target language."""
