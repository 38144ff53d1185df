"""Fetching from addresses that strangers name: checked, bounded, and never anything of this network's own."""
