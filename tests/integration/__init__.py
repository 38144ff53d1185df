"""Parts of several services, put together without their servers."""
