"""Files in and out: uploads, their probe, downloads and transcripts."""
