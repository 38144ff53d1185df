"""The synthesizer: from a chunk's translated lines to sound that fits where the source spoke."""
