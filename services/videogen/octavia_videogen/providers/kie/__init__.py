"""Kie AI: many vendors' models behind one API of tasks."""
