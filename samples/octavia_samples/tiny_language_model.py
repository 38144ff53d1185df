"""A language model of random weights, small enough for any test, in the files that vLLM and others load.

It is a Llama in all but sense: it speaks in letters and blanks, ends its lines now and then, and means
nothing. Written without a framework, so that whoever tests a client needs none.
"""

import json
import struct
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

HIDDEN = 64
HEADS = 2
LAYERS = 2
INNER = 128
CONTEXT = 16_384
"""Tokens, which are bytes here: a whole chunk with its instructions, and its answer asked for three times."""

SPEAKS = b'abcdefghijklmnopqrstuvwxyz     """'
"""What it says where it is free to choose; the quotation mark ends a line of a structured answer."""

_BOS, _EOS = 256, 257
_VOCABULARY = 258

_CHAT = (
    "{{ bos_token }}"
    "{% for message in messages %}[{{ message['role'] }}]{{ message['content'] }}\n{% endfor %}"
    "{% if add_generation_prompt %}[assistant]{% endif %}"
)


def write_language_model(folder: Path, seed: int = 7) -> Path:
    """Write config, tokenizer and weights into the folder; the same for the same seed. Returns the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {
        "config.json": _config(),
        "generation_config.json": {"bos_token_id": _BOS, "eos_token_id": _EOS},
        "tokenizer.json": _tokenizer(),
        "tokenizer_config.json": {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "bos_token": "<s>",
            "eos_token": "</s>",
            "model_max_length": CONTEXT,
            "chat_template": _CHAT,
        },
    }
    for name, content in files.items():
        (folder / name).write_text(json.dumps(content))
    _write_safetensors(folder / "model.safetensors", _weights(np.random.default_rng(seed)))
    return folder


def _config() -> dict[str, object]:
    return {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "hidden_act": "silu",
        "hidden_size": HIDDEN,
        "intermediate_size": INNER,
        "num_hidden_layers": LAYERS,
        "num_attention_heads": HEADS,
        "num_key_value_heads": HEADS,
        "head_dim": HIDDEN // HEADS,
        "max_position_embeddings": CONTEXT,
        "rms_norm_eps": 1e-5,
        "rope_theta": 10_000.0,
        "vocab_size": _VOCABULARY,
        "bos_token_id": _BOS,
        "eos_token_id": _EOS,
        "tie_word_embeddings": False,
        "torch_dtype": "float32",
    }


def _tokenizer() -> dict[str, object]:
    """One token a byte, as GPT-2's byte-level tokenizers spell bytes."""
    special = [
        {"id": token, "content": text, "special": True, "normalized": False, "lstrip": False, "rstrip": False,
         "single_word": False}
        for token, text in ((_BOS, "<s>"), (_EOS, "</s>"))
    ]  # fmt: skip
    byte_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False}
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": special,
        "normalizer": None,
        "pre_tokenizer": byte_level,
        "post_processor": None,
        "decoder": byte_level,
        "model": {
            "type": "BPE",
            "dropout": None,
            "unk_token": None,
            "continuing_subword_prefix": None,
            "end_of_word_suffix": None,
            "fuse_unk": False,
            "byte_fallback": False,
            "vocab": {**_spelled_bytes(), "<s>": _BOS, "</s>": _EOS},
            "merges": [],
        },
    }


def _spelled_bytes() -> dict[str, int]:
    """Token by spelling: printable bytes stand for themselves, the others for letters from U+0100 on."""
    printable = {*range(33, 127), *range(161, 173), *range(174, 256)}
    others = iter(range(256, 512))
    return {chr(byte if byte in printable else next(others)): byte for byte in range(256)}


def _weights(random: np.random.Generator) -> dict[str, NDArray[np.float32]]:
    def matrix(rows: int, columns: int, scale: float = 1.0) -> NDArray[np.float32]:
        return random.normal(0, scale / np.sqrt(columns), (rows, columns)).astype(np.float32)

    ones = np.ones(HIDDEN, np.float32)
    weights = {"model.embed_tokens.weight": matrix(_VOCABULARY, HIDDEN, 4.0), "model.norm.weight": ones}
    for layer in range(LAYERS):
        prefix = f"model.layers.{layer}"
        for name in ("q_proj", "k_proj", "v_proj", "o_proj"):
            weights[f"{prefix}.self_attn.{name}.weight"] = matrix(HIDDEN, HIDDEN, 2.0)
        weights[f"{prefix}.mlp.gate_proj.weight"] = matrix(INNER, HIDDEN, 2.0)
        weights[f"{prefix}.mlp.up_proj.weight"] = matrix(INNER, HIDDEN, 2.0)
        weights[f"{prefix}.mlp.down_proj.weight"] = matrix(HIDDEN, INNER, 2.0)
        weights[f"{prefix}.input_layernorm.weight"] = ones
        weights[f"{prefix}.post_attention_layernorm.weight"] = ones
    # A token without a weight has the value 0, which never wins against the best of so many others.
    head = np.zeros((_VOCABULARY, HIDDEN), np.float32)
    spoken = sorted(set(SPEAKS))
    head[spoken] = matrix(len(spoken), HIDDEN, 4.0)
    return {**weights, "lm_head.weight": head}


def _write_safetensors(path: Path, tensors: dict[str, NDArray[np.float32]]) -> None:
    """The format of `safetensors`: length of the head, the head as JSON, the values one after another."""
    head: dict[str, object] = {}
    place = 0
    for name, tensor in tensors.items():
        head[name] = {"dtype": "F32", "shape": tensor.shape, "data_offsets": [place, place + tensor.nbytes]}
        place += tensor.nbytes
    encoded = json.dumps(head).encode()
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(encoded)) + encoded)
        for tensor in tensors.values():
            file.write(tensor.tobytes())
