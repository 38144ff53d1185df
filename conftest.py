"""Servers for the tests of every package: see octavia_local.testing."""

from hypothesis import settings

pytest_plugins = ["octavia_local.testing"]

# Nothing here asserts on speed, and a busy machine is no failure.
settings.register_profile("octavia", deadline=None)
settings.load_profile("octavia")
