"""Servers of the OpenAI `/v1/videos` shape on one's own GPUs: vLLM-Omni, SGLang Diffusion."""
