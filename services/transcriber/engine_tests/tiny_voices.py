"""Writes models of voices in ONNX, byte by byte: reading them needs no package that writes them.

`write_spectrum_model` maps samples to their mean log spectrum, which does tell simple voices apart.
`write_deviation_model` maps filter banks to how far each band moves: the other kind of input.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

FLOAT = 1
_VARINT, _BYTES = 0, 2


def write_spectrum_model(path: Path, *, bands: int = 40, window: int = 512) -> Path:
    """Samples (batch x samples) to the log power of bands, averaged over time, without its mean."""
    time = np.arange(window)
    hertz = np.geomspace(100, 6_000, bands)
    waves = [trig(2 * np.pi * hertz[:, None] * time / 16_000) for trig in (np.sin, np.cos)]
    kernels = (np.concatenate(waves) * np.hanning(window)).astype(np.float32)[:, None, :]
    nodes = [
        _node("Unsqueeze", ["samples", "one"], "wave"),
        _node("Conv", ["wave", "kernels"], "both", strides=[160]),
        _node("Mul", ["both", "both"], "squares"),
        _node("Split", ["squares"], "sines", "cosines", axis=1, num_outputs=2),
        _node("Add", ["sines", "cosines"], "power"),
        _node("ReduceMean", ["power", "two"], "mean", keepdims=0),
        _node("Add", ["mean", "least"], "heard"),
        _node("Log", ["heard"], "log"),
        _node("ReduceMean", ["log", "one"], "level", keepdims=1),
        _node("Sub", ["log", "level"], "embedding"),
    ]
    constants = {
        "kernels": kernels,
        "one": np.array([1], np.int64),
        "two": np.array([2], np.int64),
        "least": np.array([1e-6], np.float32),
    }
    return _write(path, nodes, constants, "samples", ["batch", "time"], ["batch", bands])


def write_deviation_model(path: Path, *, bands: int = 80) -> Path:
    """Filter banks (batch x frames x bands) to each band's mean square, without the mean of all."""
    nodes = [
        _node("Mul", ["feats", "feats"], "squares"),
        _node("ReduceMean", ["squares", "one"], "mean", keepdims=0),
        _node("ReduceMean", ["mean", "one"], "level", keepdims=1),
        _node("Sub", ["mean", "level"], "embedding"),
    ]
    constants = {"one": np.array([1], np.int64)}
    return _write(path, nodes, constants, "feats", ["batch", "time", bands], ["batch", bands])


def _write(
    path: Path,
    nodes: Sequence[bytes],
    constants: dict[str, NDArray[np.float32] | NDArray[np.int64]],
    name: str,
    given: Sequence[int | str],
    made: Sequence[int | str],
) -> Path:
    graph = b"".join(_field(1, node) for node in nodes) + _field(2, b"voices")
    graph += b"".join(_field(5, _tensor(key, value)) for key, value in constants.items())
    graph += _field(11, _value(name, given)) + _field(12, _value("embedding", made))
    model = _field(1, 8) + _field(7, graph) + _field(8, _field(1, b"") + _field(2, 18))
    path.write_bytes(model)
    return path


def _node(kind: str, inputs: Sequence[str], *outputs: str, **attributes: int | Sequence[int]) -> bytes:
    node = b"".join(_field(1, each.encode()) for each in inputs)
    node += b"".join(_field(2, each.encode()) for each in outputs) + _field(4, kind.encode())
    for name, value in attributes.items():
        attribute = _field(1, name.encode())
        if isinstance(value, int):
            attribute += _field(3, value) + _field(20, 2)
        else:
            attribute += b"".join(_field(8, each) for each in value) + _field(20, 7)
        node += _field(5, attribute)
    return node


def _tensor(name: str, value: NDArray[np.float32] | NDArray[np.int64]) -> bytes:
    kind = FLOAT if value.dtype == np.float32 else 7
    shape = b"".join(_field(1, size) for size in value.shape)
    return shape + _field(2, kind) + _field(8, name.encode()) + _field(9, value.tobytes())


def _value(name: str, shape: Sequence[int | str]) -> bytes:
    sizes = [_field(1, size) if isinstance(size, int) else _field(2, size.encode()) for size in shape]
    tensor = _field(1, FLOAT) + _field(2, b"".join(_field(1, size) for size in sizes))
    return _field(1, name.encode()) + _field(2, _field(1, tensor))


def _field(number: int, value: int | bytes) -> bytes:
    """A field of a protocol buffer: a number, or bytes with their length before them."""
    if isinstance(value, int):
        return _varint(number << 3 | _VARINT) + _varint(value)
    return _varint(number << 3 | _BYTES) + _varint(len(value)) + value


def _varint(value: int) -> bytes:
    found = b""
    while value > 0x7F:
        found += bytes([value & 0x7F | 0x80])
        value >>= 7
    return found + bytes([value])
