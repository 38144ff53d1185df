"""Dubbed lines recognised again, and judged by what was heard."""
