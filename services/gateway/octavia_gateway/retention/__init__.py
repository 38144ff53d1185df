"""What is kept for how long: uploads, results, and what nobody lists. Nothing in use is removed."""
