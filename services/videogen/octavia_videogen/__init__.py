"""The video generator: a prompt or a picture in, a video out, by a provider or by this machine itself."""
