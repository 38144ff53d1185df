"""How a sound track gets into a container: its packets as they are where it can hold them, else encoded."""

from octavia_assembler.rendering.containers import Container
from octavia_assembler.timeline import SAMPLE_RATE

_EVERYWHERE = frozenset({"aac", "mp3", "ac3", "eac3", "alac"})
_HELD = {
    "mp4": _EVERYWHERE,
    "mov": _EVERYWHERE | {"pcm_s16le", "pcm_s16be", "pcm_s24le", "pcm_s24be"},
    "matroska": _EVERYWHERE
    | {"flac", "opus", "vorbis", "dts", "truehd", "mp2", "pcm_s16le", "pcm_s24le", "pcm_f32le"},
    "webm": frozenset({"opus", "vorbis"}),
    "ipod": frozenset({"aac", "alac"}),
    "mp3": frozenset({"mp3"}),
    "flac": frozenset({"flac"}),
    "wav": frozenset({"pcm_s16le"}),
    "ogg": frozenset({"opus", "vorbis"}),
}
"""Sounds that players expect in each, by ffmpeg's names of muxers and codecs."""

WITHOUT_EDIT_LISTS = frozenset({"matroska", "webm"})
"""They cannot tell players to skip an encoder's priming: packets that end before zero are left out."""


def is_held(container: Container, codec: str) -> bool:
    """Whether the container can take the packets of such a track as they are."""
    return codec in _HELD[container.muxer]


def copied(container: Container, place: int) -> list[str]:
    """ffmpeg's options to copy into the output's `place`-th sound track."""
    options = [f"-c:a:{place}", "copy"]
    if container.muxer in WITHOUT_EDIT_LISTS:
        options += [f"-bsf:a:{place}", r"noise=drop=lte(pts+duration\,0)"]
    return options


def encoded(container: Container, place: int) -> list[str]:
    """ffmpeg's options to encode the output's `place`-th sound track as the container has it."""
    options: list[str] = []
    for option in container.audio:
        if option.startswith("-"):
            option = f"{option.removesuffix(':a')}:a:{place}"
        options.append(option)
    # The clock of the track is that of the picture: what begins later, or pauses, is filled with silence.
    first = round(container.sound_delay_seconds * SAMPLE_RATE)
    return [*options, f"-filter:a:{place}", f"aresample={SAMPLE_RATE}:async=1:first_pts={first}"]
