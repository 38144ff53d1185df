"""Writes a Whisper of random weights in ctranslate2's own format: it loads and runs as the real ones do.

What it "hears" is noise, but of the right shape: words of syllables that end after some twenty, each with a
probability near 1, so that no guard of the engine takes it for a failure. `python tiny_whisper.py FOLDER`
writes one of 30 MB, most of which is the vocabulary: ctranslate2 tells languages apart only in models of at
least 51865 tokens.
"""

import argparse
import itertools
import json
from pathlib import Path

import numpy as np
from ctranslate2.specs import attention_spec, common_spec, transformer_spec, whisper_spec
from faster_whisper.tokenizer import _LANGUAGE_CODES
from numpy.typing import NDArray

TEXT_TOKENS = 50_257
WIDTH = 64
MELS = 80
SOUND_POSITIONS = 1_500
TEXT_POSITIONS = 448
LINE_TOKENS = 24
"""It ends its text at every so many tokens."""

Weights = NDArray[np.float32]

MANY_LANGUAGES = ""
"""An empty token, by which ctranslate2 knows models of many languages."""

BEFORE_LANGUAGES = ("<|endoftext|>", "<|startoftranscript|>")
AFTER_LANGUAGES = (
    *("<|translate|>", "<|transcribe|>", "<|startoflm|>", "<|startofprev|>", "<|nospeech|>"),
    "<|notimestamps|>",
)


def write_tiny_whisper(folder: Path, *, language: str = "en", seed: int = 7, loops: bool = False) -> Path:
    """Write a model to `folder`. `language` is what it hears; with `loops` one word over and over."""
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(seed)
    tokens = _tokens(random)
    spec = _spec(random, tokens, language, loops)
    spec.register_vocabulary(tokens)
    spec.config.suppress_ids = []
    spec.config.suppress_ids_begin = [tokens.index("Ġ"), tokens.index("<|endoftext|>")]
    spec.config.lang_ids = [tokens.index(f"<|{code}|>") for code in _languages()]
    spec.config.alignment_heads = [[0, 0]]
    spec.validate()
    spec.optimize()
    spec.save(str(folder))
    (folder / "tokenizer.json").write_text(json.dumps(_tokenizer(tokens)))
    return folder


def _languages() -> list[str]:
    return [code for code in _LANGUAGE_CODES if code != "yue"]  # which only the third large model knows


def _tokens(random: np.random.Generator) -> list[str]:
    """The 256 bytes, words of three syllables, the special tokens and the times."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    letters = [chr(byte) for byte in plain] + [chr(256 + n) for n in range(256 - len(plain))]
    syllables = [a + b for a, b in itertools.product("bdfgklmnprstvz", "aeiou")]
    combined = ["Ġ" + "".join(three) for three in itertools.product(syllables, repeat=3)]
    words = [combined[n] for n in random.permutation(len(combined))[: TEXT_TOKENS - len(letters) - 1]]
    special = [*BEFORE_LANGUAGES, *(f"<|{code}|>" for code in _languages()), *AFTER_LANGUAGES]
    times = [f"<|{n * 0.02:.2f}|>" for n in range(1_501)]
    return [*letters, *words, MANY_LANGUAGES, *special, *times]


def _tokenizer(tokens: list[str]) -> dict[str, object]:
    """The tokenizer's file: byte-level, without merges, so that text is encoded letter by letter."""
    special = [
        {"id": number, "content": tokens[number], "special": True, "single_word": False}
        | {"lstrip": False, "rstrip": False, "normalized": False}
        for number in range(TEXT_TOKENS, len(tokens))
    ]
    byte_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
    text = {token: number for number, token in enumerate(tokens[:TEXT_TOKENS])}
    return {
        "version": "1.0",
        "added_tokens": special,
        "pre_tokenizer": byte_level,
        "decoder": byte_level,
        "model": {"type": "BPE", "vocab": text, "merges": [], "byte_fallback": False},
    }


def _spec(
    random: np.random.Generator, tokens: list[str], language: str, loops: bool
) -> whisper_spec.WhisperSpec:
    def weights(*shape: int, scale: float = 1.0) -> Weights:
        return np.asarray(random.normal(0, scale / np.sqrt(shape[-1]), shape), np.float32)

    spec = whisper_spec.WhisperSpec(1, 1, 1, 1)
    encoder, decoder = spec.encoder, spec.decoder
    encoder.conv1.weight, encoder.conv1.bias = weights(WIDTH, MELS, 3, scale=0.2), weights(WIDTH)
    encoder.conv2.weight, encoder.conv2.bias = weights(WIDTH, WIDTH, 3, scale=0.5), weights(WIDTH)
    encoder.position_encodings.encodings = weights(SOUND_POSITIONS, WIDTH)
    _norm(encoder.layer_norm)
    _layer(encoder.layer[0], weights)

    words = weights(len(tokens), WIDTH)
    # Where it is in the text decides what comes next, and the sound a little: no loops, nothing improbable.
    places = weights(TEXT_POSITIONS, WIDTH, scale=8.0)
    if loops:
        places[:] = 12 * words[300]
    places[LINE_TOKENS - 1 :: LINE_TOKENS] = 12 * words[tokens.index("<|endoftext|>")]
    places[0] = 12 * words[tokens.index(f"<|{language}|>")]
    decoder.embeddings.weight = words
    decoder.position_encodings.encodings = places
    _norm(decoder.layer_norm, scale=30.0)
    _layer(decoder.layer[0], weights)
    decoder.projection.weight = words
    return spec


def _layer(layer: transformer_spec.TransformerEncoderLayerSpec, weights: object) -> None:
    _attention(layer.self_attention, weights, fused=True)
    if hasattr(layer, "attention"):
        _attention(layer.attention, weights, fused=False)
    _norm(layer.ffn.layer_norm)
    _linear(layer.ffn.linear_0, weights(4 * WIDTH, WIDTH))
    _linear(layer.ffn.linear_1, weights(WIDTH, 4 * WIDTH, scale=0.3))


def _attention(attention: attention_spec.MultiHeadAttentionSpec, weights: object, *, fused: bool) -> None:
    _norm(attention.layer_norm)
    shapes = (3, 1) if fused else (1, 2, 1)
    for linear, times in zip(attention.linear, shapes, strict=True):
        _linear(linear, weights(times * WIDTH, WIDTH, scale=0.5))


def _linear(linear: common_spec.LinearSpec, weight: Weights) -> None:
    linear.weight, linear.bias = weight, np.zeros(len(weight), np.float32)


def _norm(norm: common_spec.LayerNormSpec, scale: float = 1.0) -> None:
    norm.gamma, norm.beta = np.full(WIDTH, scale, np.float32), np.zeros(WIDTH, np.float32)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--language", default="en")
    options = parser.parse_args()
    write_tiny_whisper(options.folder, language=options.language)
