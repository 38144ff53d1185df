"""Commands for operators, plugged into `octavia`."""
