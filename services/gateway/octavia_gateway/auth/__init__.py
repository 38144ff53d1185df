"""Accounts, passwords, sessions and the tokens that stand for them."""
