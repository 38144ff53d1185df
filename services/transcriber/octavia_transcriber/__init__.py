"""The transcriber: cuts a job's source into chunks, lets them out through a window, recognises them."""
