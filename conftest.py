"""Plugins for the tests of every package: real servers, and who shares what for how long."""

from hypothesis import settings

pytest_plugins = ["octavia_local.testing", "octavia_local.sharing"]

# Nothing here asserts on speed, and a busy machine is no failure.
settings.register_profile("octavia", deadline=None)
settings.load_profile("octavia")
