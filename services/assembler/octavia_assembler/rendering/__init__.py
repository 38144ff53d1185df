"""The assembly of one language: source and spoken lines in, finished media and subtitles out."""
