"""Uploads whose parts go straight to the object store, by addresses that this gateway signs."""
