"""Octavia on one machine: its servers and services as local processes."""
