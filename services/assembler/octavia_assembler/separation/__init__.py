"""The source's own voice apart from everything else that sounds in it."""
