"""Real assemblies by ffmpeg into every container, measured with tools that share no code with them."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from octavia_samples.measure import cues, duration, frame_seconds, packet_digests, packet_times, sound, tracks
from octavia_samples.tools import ffmpeg

VP9 = ("-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-b:v", "100k", "-c:a", "libopus")
VIDEOS: dict[str, tuple[str, tuple[str, ...]]] = {
    "mp4": ("a.mp4", ("-c", "copy")),
    "mov": ("a.mov", ("-c", "copy")),
    "mkv": ("a.mkv", ("-c", "copy")),
    "webm": ("a.webm", VP9),
    "avi": ("a.avi", ("-c:v", "mpeg4", "-c:a", "libmp3lame")),
    "mono": ("a.mp4", ("-c:v", "copy", "-c:a", "aac", "-ac", "1", "-ar", "22050")),
    "surround": ("a.mkv", ("-c:v", "copy", "-c:a", "ac3", "-ac", "6", "-b:a", "448k")),
}
"""Containers and sound of sources, by how ffmpeg makes them of the talk."""


@pytest.mark.parametrize("kind", VIDEOS)
async def test_the_picture_is_copied_and_the_dub_lies_where_the_speech_lay(
    kind: str, bench: Any, talk: Any
) -> None:
    name, options = VIDEOS[kind]
    made = await bench.dub(bench.remade(name, *options))
    source = made.source.path
    assert packet_digests(made.media) == packet_digests(source)
    # Whatever moved in the container moved together with the sound.
    moved = np.array(packet_times(made.media)) - np.array(packet_times(source))
    assert np.ptp(moved) <= 0.002, "every picture is shown as long as before"
    assert abs(moved[0]) < 0.015
    assert abs(duration(made.media) - duration(source)) <= frame_seconds(source)
    bench.check(made)
    assert [(t.codec, t.language, t.default) for t in tracks(made.media, "audio")] == [
        ("opus" if kind == "webm" else "aac", "spa", True)
    ]
    listed = [(track.language, track.title) for track in tracks(made.media, "subtitle")]
    assert listed == [("eng", "English"), ("spa", "Spanish")]
    for track, texts in ((0, [line.text for line in talk.truth.lines]), (1, bench.spanish)):
        shown = cues(made.media, track=track)
        assert [" ".join(cue.text.split()) for cue in shown] == list(texts)
        for cue, start in zip(shown, made.starts, strict=True):
            assert cue.start == pytest.approx(start, abs=0.02)


async def test_tags_chapters_and_a_quick_start_are_kept(bench: Any, talk: Any, tmp_path: Path) -> None:
    made = await bench.dub(talk)
    kept = tmp_path / "kept.txt"
    ffmpeg("-i", str(made.media), "-f", "ffmetadata", str(kept))
    assert "title=My talk\nartist=Me" in kept.read_text()
    assert "title=Beginning" in kept.read_text()
    data = made.media.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")


@pytest.mark.parametrize(
    ("name", "codec", "options"),
    [
        ("a.wav", "pcm_s16le", ()),
        ("a.mp3", "mp3", ("-b:a", "192k")),
        ("a.flac", "flac", ()),
        ("a.ogg", "vorbis", ("-c:a", "libvorbis")),
        ("a.opus", "opus", ("-c:a", "libopus")),
        ("a.m4a", "aac", ()),
        ("a.aiff", "pcm_s16be", ()),
    ],
)
async def test_sound_alone_comes_back_as_it_came(
    name: str, codec: str, options: tuple[str, ...], bench: Any, talk: Any, tmp_path: Path
) -> None:
    source = bench.remade(name, "-vn", "-map_chapters", "-1", *options)
    made = await bench.dub(source)
    assert [track.codec for track in tracks(made.media)] == [codec]
    assert abs(len(sound(made.media)) - len(sound(source.path))) / 16_000 <= 0.026
    bench.check(made)
    assert len(made.result.subtitles) == 2
    if name in ("a.mp3", "a.flac", "a.m4a"):
        kept = tmp_path / "kept.txt"
        ffmpeg("-i", str(made.media), "-f", "ffmetadata", str(kept))
        assert "title=My talk" in kept.read_text()


async def test_a_picture_on_its_side_stays_so(bench: Any) -> None:
    source = bench.remade("a.mp4", "-c", "copy", "-metadata:s:v", "rotate=90")
    made = await bench.dub(source)
    turned = [tracks(path, "video")[0].detail["side_data_list"] for path in (source.path, made.media)]
    assert turned[0] == turned[1]
    assert abs(turned[0][0]["rotation"]) == 90


async def test_a_cover_stays_on_a_podcast(bench: Any, talk: Any, tmp_path: Path) -> None:
    cover = tmp_path / "cover.png"
    ffmpeg("-f", "lavfi", "-i", "testsrc2=size=64x64:duration=1", "-frames:v", "1", str(cover))
    path = tmp_path / "a.mp3"
    ffmpeg(
        *("-i", str(talk.path), "-i", str(cover), "-map", "0:a", "-map", "1:v", "-map_chapters", "-1"),
        *("-c:v", "copy", "-disposition:v", "attached_pic", str(path)),
    )
    made = await bench.dub(bench.source(path, talk.truth))
    assert packet_digests(made.media) == packet_digests(path)
    assert tracks(made.media, "video")[0].detail["disposition"]["attached_pic"] == 1


@pytest.mark.parametrize(
    ("name", "delayed", "shift"),
    [("late_picture.mp4", "0:v", 0.0), ("late_sound.mp4", "0:a", 0.48), ("late_sound.mkv", "0:a", 0.48)],
)
async def test_tracks_that_begin_at_different_times_stay_together(
    name: str, delayed: str, shift: float, bench: Any, talk: Any, tmp_path: Path
) -> None:
    path = tmp_path / name
    first, second = ("1:v", "0:a") if delayed == "0:a" else ("0:v", "1:a")
    ffmpeg(
        *("-itsoffset", "0.5", "-i", str(talk.path), "-i", str(talk.path)),
        *("-map", first, "-map", second, "-c", "copy", str(path)),
    )
    source = bench.source(path, talk.truth, shift)
    made = await bench.dub(source)
    assert packet_digests(made.media) == packet_digests(path)
    start = min(min(packet_times(path)), float(tracks(path, "audio")[0].detail["start_time"]))
    assert min(packet_times(made.media)) == pytest.approx(min(packet_times(path)) - start, abs=0.03)
    assert abs(duration(made.media) - duration(path)) <= frame_seconds(path)
    bench.check(made)


async def test_a_source_whose_clock_starts_late(bench: Any) -> None:
    source = bench.remade("a.ts", "-c", "copy", "-f", "mpegts")
    made = await bench.dub(source)
    assert tracks(made.media, "video")[0].codec == "h264"
    assert abs(duration(made.media) - duration(source.path)) <= frame_seconds(source.path)
    assert min(packet_times(made.media)) < 0.03
    bench.check(made)
