"""The offline default: this machine draws the prompt, and says on the clip that it is a placeholder."""
