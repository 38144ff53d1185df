"""The web application: files for a browser, which speaks to the public API like any other client."""
