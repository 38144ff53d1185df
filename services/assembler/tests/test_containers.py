"""The output's container is the source's wherever it can hold the picture."""

import pytest
from octavia_assembler.rendering import containers
from octavia_assembler.rendering.containers import Container, choose
from octavia_assembler.rendering.languages import language_name, track_language
from octavia_common.media import AudioInfo, MediaInfo, VideoInfo

ISO = b"\0\0\0\x20ftypisom"
QT = b"\0\0\0\x14ftypqt  "
WEBM = b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\x82\x84webm"
MATROSKA = b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\x82\x88matroska"


def info(container: str, video: str | None, audio: str) -> MediaInfo:
    picture = VideoInfo(
        index=0, codec=video or "", width=16, height=9, fps=25, frame_rate="25/1",
        base_frame_rate="25/1", time_base="1/90000",
    )  # fmt: skip
    return MediaInfo(
        duration_seconds=1,
        container=container,
        size_bytes=1,
        video=picture if video else None,
        audio=(AudioInfo(index=1, codec=audio, channels=2, sample_rate=48_000),),
    )


@pytest.mark.parametrize(
    ("container", "video", "audio", "head", "expected", "same"),
    [
        ("mov", "h264", "aac", ISO, containers.MP4, True),
        ("mov", "h264", "aac", QT, containers.MOV, True),
        ("mov", "prores", "pcm_s16le", QT, containers.MOV, True),
        ("mov", "h263", "amr_nb", b"\0\0\0\x20ftyp3gp4", containers.MOV, True),
        ("matroska", "vp9", "opus", WEBM, containers.WEBM, True),
        ("matroska", "h264", "dts", MATROSKA, containers.MKV, True),
        ("avi", "mpeg4", "mp3", b"RIFF", containers.MP4, False),
        ("flv", "flv1", "mp3", b"FLV", containers.MKV, False),
        ("mpegts", "h264", "aac", b"G", containers.MP4, False),
        ("mp3", None, "mp3", b"ID3", containers.MP3, True),
        ("mov", None, "aac", ISO, containers.M4A, True),
        ("mov", None, "alac", ISO, containers.ALAC, True),
        ("ogg", None, "opus", b"OggS", containers.OGG_OPUS, True),
        ("ogg", None, "flac", b"OggS", containers.OGG_VORBIS, False),
        ("amr", None, "amr_nb", b"#!AMR", containers.M4A, False),
        ("w64", None, "pcm_s16le", b"riff", containers.WAV, False),
    ],
)
def test_containers(
    container: str, video: str | None, audio: str, head: bytes, expected: Container, same: bool
) -> None:
    chosen = choose(info(container, video, audio), head)
    assert chosen.container is expected
    assert chosen.same is same


def test_languages_of_tracks() -> None:
    codes = {"es": "spa", "en": "eng", "fr": "fra", "zh-TW": "zho", "ca": "cat", "xx": "und", "": "und"}
    assert {code: track_language(code) for code in codes} == codes
    assert [language_name(code) for code in ("es", "pt-BR", "en")] == [
        "Spanish",
        "Portuguese (Brazil)",
        "English",
    ]
