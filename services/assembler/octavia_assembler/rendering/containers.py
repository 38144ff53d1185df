"""Which container and codecs an output has: those of its source wherever they can hold it."""

from dataclasses import dataclass, replace
from pathlib import Path

from octavia_common.media import MediaInfo
from octavia_common.media.holding import IN_MP4

from octavia_assembler.rendering.coders import AAC_CODER, AAC_OPTIONS, MP3_CODER, Coder

AAC = AAC_OPTIONS
OPUS = ("-c:a", "libopus", "-b:a", "160k")

OPUS_DELAY_SECONDS = 312 / 48_000
"""How long libopus starts before its sound: RFC 7845's pre-skip."""


@dataclass(frozen=True)
class Container:
    """How the output is written; each tuple goes to ffmpeg as it is.

    `subtitle_codec` is None where there is no room for subtitle tracks, `name_tag` what players list a
    track by, `sound_delay_seconds` how late the encoder has to be fed for its first packet to be at zero,
    `keeps_cover` whether an attached picture can stay, `lossless` whether peaks stay exact. `joined` are
    the options of an encoder whose packets are made block by block and joined, where that can be done (then
    `audio` is not used), `keeps_priming` whether the first of them, which only starts decoders, stays.
    """

    muxer: str
    media_type: str
    audio: tuple[str, ...]
    subtitle_codec: str | None = None
    options: tuple[str, ...] = ()
    name_tag: str = "title"
    sound_delay_seconds: float = 0.0
    keeps_cover: bool = False
    lossless: bool = False
    joined: Coder | None = None
    keeps_priming: bool = True


_FASTSTART = ("-movflags", "+faststart")

MP4 = Container("mp4", "video/mp4", AAC, "mov_text", _FASTSTART, "handler_name", joined=AAC_CODER)
MOV = Container("mov", "video/quicktime", AAC, "mov_text", _FASTSTART, "handler_name", joined=AAC_CODER)
# Matroska has no edit list to skip AAC's priming, and shifts all tracks by it instead. The priming
# is exactly the first packet: without it, and without the shift, every track lies where it should.
MKV = Container(
    "matroska",
    "video/x-matroska",
    (*AAC, "-bsf:a", "noise=drop=not(n)"),
    "srt",
    ("-default_mode", "infer_no_subs", "-avoid_negative_ts", "disabled"),
    joined=AAC_CODER,
    keeps_priming=False,
)
# WebM cannot hold packets before zero, and its players count the pre-skip from the first packet on.
WEBM = Container(
    "webm",
    "video/webm",
    OPUS,
    "webvtt",
    ("-default_mode", "infer_no_subs", "-avoid_negative_ts", "disabled"),
    sound_delay_seconds=OPUS_DELAY_SECONDS,
)

M4A = Container(
    "ipod", "audio/mp4", AAC, None, _FASTSTART, "handler_name", keeps_cover=True, joined=AAC_CODER
)
ALAC = replace(M4A, audio=("-c:a", "alac", "-sample_fmt", "s16p"), lossless=True, joined=None)
MP3 = Container(
    "mp3",
    "audio/mpeg",
    ("-c:a", "libmp3lame", "-b:a", "192k"),
    options=("-id3v2_version", "3"),
    keeps_cover=True,
    joined=MP3_CODER,
)
WAV = Container("wav", "audio/wav", ("-c:a", "pcm_s16le"), lossless=True)
AIFF = Container("aiff", "audio/aiff", ("-c:a", "pcm_s16be"), lossless=True)
FLAC = Container(
    "flac", "audio/flac", ("-c:a", "flac", "-sample_fmt", "s16"), keeps_cover=True, lossless=True
)
OGG_OPUS = Container("ogg", "audio/ogg", OPUS)
OGG_VORBIS = Container("ogg", "audio/ogg", ("-c:a", "libvorbis", "-q:a", "6"))
MKA = replace(MKV, media_type="audio/x-matroska", subtitle_codec=None)
WEBM_AUDIO = replace(WEBM, media_type="audio/webm", subtitle_codec=None)

_SOUND_FILES = {"mp3": MP3, "wav": WAV, "w64": WAV, "aiff": AIFF, "flac": FLAC}


NAMED = {
    "mp4": MP4,
    "mov": MOV,
    "mkv": MKV,
    "webm": WEBM,
    "m4a": M4A,
    "mp3": MP3,
    "flac": FLAC,
    "wav": WAV,
    "ogg": OGG_OPUS,
}
"""Containers by the names that people ask for them by (`octavia_common.media.holding`)."""


@dataclass(frozen=True)
class Choice:
    """The output's container, and whether it is the source's own (then any of its tracks fits)."""

    container: Container
    same: bool


def choose(info: MediaInfo, head: bytes) -> Choice:
    """The container for the dub of a source; `head` is the beginning of its file."""
    if info.video is None:
        return _for_sound(info, head)
    if info.container == "mov":
        is_mp4 = head[8:12] != b"qt  " and info.video.codec in IN_MP4
        return Choice(MP4 if is_mp4 else MOV, same=True)  # MOV holds what MP4 and 3GP have no name for
    if info.container == "matroska":
        return Choice(WEBM if _is_webm(head) else MKV, same=True)
    return Choice(MP4 if info.video.codec in IN_MP4 else MKV, same=False)


def _for_sound(info: MediaInfo, head: bytes) -> Choice:
    codec = info.require_audio().codec
    if info.container == "mov":
        return Choice(ALAC if codec == "alac" else M4A, same=True)
    if info.container == "matroska":
        return Choice(WEBM_AUDIO if _is_webm(head) else MKA, same=True)
    if info.container == "ogg":
        return Choice(OGG_OPUS if codec == "opus" else OGG_VORBIS, same=codec in ("opus", "vorbis"))
    found = _SOUND_FILES.get(info.container)
    return Choice(found or M4A, same=found is not None and info.container != "w64")


def _is_webm(head: bytes) -> bool:
    """Whether an EBML header names the document type of WebM (RFC 8794, 11.2.6)."""
    return b"\x42\x82\x84webm" in head


def read_head(path: Path) -> bytes:
    """The first bytes of a file, enough for `choose`."""
    with path.open("rb") as file:
        return file.read(128)
