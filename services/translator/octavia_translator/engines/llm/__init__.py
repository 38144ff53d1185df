"""Translation by a language model behind an OpenAI-compatible server, vLLM's above all."""
