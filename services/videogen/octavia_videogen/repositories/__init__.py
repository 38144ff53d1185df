"""The tables of videogen. Every statement of SQL stands here."""

from typing import Any

Connection = Any
"""A connection of asyncpg inside a transaction, or its pool."""

CHANNEL = "octavia_videogen"
"""NOTIFY channel that wakes the workers of a stage, of any replica; its payload is the stage."""
