"""Recognisers behind one small interface; heavy packages are imported by the one that is chosen."""
