"""Coqui TTS (the package `coqui-tts`): neural voices, on a GPU or a CPU.

What needs the package stands in `loading` and `model`; all else is plain Python and is tested without it.
"""
