"""The video generator. Generation itself comes with its own issue; see README.md."""
