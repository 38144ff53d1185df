"""Recognition and language detection with Whisper models, through faster-whisper and ctranslate2."""
