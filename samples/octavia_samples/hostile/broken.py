"""What is left of good files: cut off anywhere, bits turned over."""

import random
from collections.abc import Iterable
from pathlib import Path

from octavia_samples.hostile.catalogue import Kind, Shelf
from octavia_samples.tools import ffmpeg

_PICTURE = ("-f", "lavfi", "-i", "testsrc2=size=160x90:rate=25:duration=3")
_TONE = ("-f", "lavfi", "-i", "sine=frequency=440:sample_rate=44100:duration=3")
_H264 = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac")
_DATED = ("-metadata", "creation_time=2026-01-02T03:04:05Z")

GOOD: dict[str, tuple[Kind, tuple[str, ...]]] = {
    "good.mp4": ("video", (*_PICTURE, *_TONE, *_H264)),
    "front.mp4": ("video", (*_PICTURE, *_TONE, *_H264, "-movflags", "+faststart", *_DATED)),
    "pieces.mp4": ("video", (*_PICTURE, *_TONE, *_H264, "-movflags", "frag_keyframe+empty_moov")),
    "good.mkv": ("video", (*_PICTURE, *_TONE, *_H264)),
    "good.webm": ("video", (*_PICTURE, *_TONE, "-c:v", "libvpx", "-deadline", "realtime", "-c:a", "libopus")),
    "good.avi": ("video", (*_PICTURE, *_TONE, "-c:v", "mpeg4", "-c:a", "mp3")),
    "good.ts": ("video", (*_PICTURE, *_TONE, *_H264)),
    "good.flv": ("video", (*_PICTURE, *_TONE, *_H264)),
    "good.wav": ("audio", _TONE),
    "good.flac": ("audio", _TONE),
    "good.mp3": ("audio", _TONE),
    "good.ogg": ("audio", (*_TONE, "-c:a", "libvorbis")),
    "good.m4a": ("audio", (*_TONE, "-c:a", "aac")),
}
"""Options of ffmpeg that make an ordinary file of each container."""

SHARES = (0.001, 0.02, 0.5, 0.97)


def make_good(directory: Path, names: Iterable[str] = GOOD) -> dict[str, Path]:
    """One ordinary file of each container, 3 s long."""
    directory.mkdir(parents=True, exist_ok=True)
    made = {name: directory / name for name in names}
    for name, path in made.items():
        ffmpeg(*GOOD[name][1], str(path))
    return made


def add_broken(shelf: Shelf, good: dict[str, Path], seed: int, flips: int) -> None:
    """`flips` files of each container with bits turned over, the same ones for the same seed."""
    dice = random.Random(seed)
    shelf.put("empty.mp4", b"", "no bytes")
    shelf.put("byte.mp4", b"\0", "one byte")
    shelf.put("zeros.mp4", bytes(2_000_000), "zeros", refused=True)
    shelf.put("noise.mp4", dice.randbytes(2_000_000), "noise", refused=False)
    shelf.put("text.mp4", "This is not a video. It only bears the name of one.\n" * 40, "prose")
    for name, path in good.items():
        whole, kind = path.read_bytes(), GOOD[name][0]
        for share in SHARES:
            # Streams without an index of their own play as far as they go.
            shelf.put(
                name, whole[: int(len(whole) * share)], f"cut off after {share:.1%}", kind=kind, refused=False
            )
        for turn in range(flips):
            shelf.put(
                name,
                flipped(whole, dice),
                f"bits turned over, {turn} of seed {seed}",
                kind=kind,
                refused=False,
            )


def flipped(whole: bytes, dice: random.Random) -> bytes:
    """Some bits turned over: half of the time anywhere, half in the first 2,000 bytes, where the index is."""
    data = bytearray(whole)
    reach = len(data) if dice.random() < 0.5 else min(2000, len(data))
    for _ in range(dice.choice((1, 8, 64, 512))):
        data[dice.randrange(reach)] ^= 1 << dice.randrange(8)
    return bytes(data)
