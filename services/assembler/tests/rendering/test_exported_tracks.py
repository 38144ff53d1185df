"""Several dubs beside the original in one file, measured with tools that share no code with the exporter."""

from typing import Any

import numpy as np
import pytest
from octavia_assembler.exporting.order import ExportImpossibleError
from octavia_common.artifacts.fake import FakeArtifactStore
from octavia_common.events import ExportKind
from octavia_samples.measure import (
    MEASURE_RATE,
    cues,
    duration,
    frame_seconds,
    level,
    onset_errors,
    packet_digests,
    packet_times,
    sound,
    tracks,
)

VP9 = ("-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-b:v", "100k", "-c:a", "libopus")
COPY = ("-c", "copy")
FRENCH = ("Bienvenue au musée d'histoire.", "Nous aimerions voir les tableaux.", "Au deuxième étage.")

WAYS: dict[str, tuple[str, tuple[str, ...], str, str]] = {
    "mp4 to mp4": ("a.mp4", COPY, "mp4", "aac"),
    "mp4 to mkv": ("a.mp4", COPY, "mkv", "aac"),
    "mkv to mp4": ("a.mkv", COPY, "mp4", "aac"),
    "webm to webm": ("a.webm", VP9, "webm", "opus"),
    "webm to mp4": ("a.webm", VP9, "mp4", "aac"),
    "mkv to webm": ("a.mkv", (*VP9[:-1], "aac"), "webm", "opus"),
}
"""The source, how ffmpeg makes it of the talk, the export's container, and the codec of its sound."""


@pytest.mark.parametrize("way", WAYS)
async def test_dubs_lie_beside_the_original_and_the_picture_is_copied(
    way: str, bench: Any, exports: Any, talk: Any
) -> None:
    name, options, container, codec = WAYS[way]
    made = await bench.dub(bench.remade(name, *options))
    french = await exports.in_language(made, "fr", FRENCH)
    exported = await exports.make(made, ExportKind.TRACKS, container, made.event.result, french)
    source, path = made.source.path, exported.path

    assert packet_digests(path) == packet_digests(source)
    moved = np.array(packet_times(path)) - np.array(packet_times(source))
    assert np.ptp(moved) <= 0.002, "every picture is shown as long as before"
    assert abs(duration(path) - duration(source)) <= max(frame_seconds(source), 0.05)
    assert [(t.codec, t.language, t.title, t.default) for t in tracks(path, "audio")] == [
        (codec, "spa", "Spanish", True),
        (codec, "fra", "French", False),
        (codec, "eng", "English (original)", False),
    ]
    starts = [line.start for line in talk.truth.lines]
    for place in range(3):
        errors = onset_errors(sound(path, track=place), starts)
        assert all(abs(error) <= 0.05 for error in errors), (place, errors)
    # Each is the one that it is called.
    for place, before in ((0, made.media), (2, source)):
        assert likeness(sound(path, track=place), sound(before)) > 0.99, place
    loud, quiet = (level(sound(path, track=place), starts[0], starts[0] + 1) for place in (0, 1))
    assert loud - quiet == pytest.approx(6.0, abs=0.7)
    assert [(t.language, t.title) for t in tracks(path, "subtitle")] == [
        ("eng", "English"),
        ("spa", "Spanish"),
        ("fra", "French"),
    ]
    for place, texts in ((1, bench.spanish), (2, FRENCH)):
        assert [" ".join(cue.text.split()) for cue in cues(path, track=place)] == list(texts)


async def test_sound_that_the_container_holds_is_copied_bit_for_bit(bench: Any, exports: Any) -> None:
    made = await bench.dub(bench.remade("a.mp4", *COPY))
    exported = await exports.make(made, ExportKind.TRACKS, "mp4")
    assert packet_digests(exported.path, "a:0") == packet_digests(made.media, "a:0")
    assert packet_digests(exported.path, "a:1") == packet_digests(made.source.path, "a:0")
    matroska = await exports.make(made, ExportKind.TRACKS, "mkv")
    # Without an edit list, the packet that primes the decoder is left out.
    assert packet_digests(matroska.path, "a:0") == packet_digests(made.media, "a:0")[1:]
    dispositions = [track.detail["disposition"] for track in tracks(matroska.path, "audio")]
    assert [(d["default"], d["dub"], d["original"]) for d in dispositions] == [(1, 1, 0), (0, 0, 1)]


async def test_soft_subtitles_are_those_that_were_asked_for(bench: Any, exports: Any, talk: Any) -> None:
    made = await bench.dub(talk)
    listed = {}
    for content in ("source", "target", "bilingual"):
        exported = await exports.make(
            made, ExportKind.TRACKS, "mkv", subtitles={"content": content, "position": "bottom"}
        )
        listed[content] = [track.title for track in tracks(exported.path, "subtitle")]
    assert listed == {"source": ["English"], "target": ["Spanish"], "bilingual": ["Spanish + English"]}
    both = [cue.text.splitlines() for cue in cues(exported.path)]
    assert both == [[said, line.text] for said, line in zip(bench.spanish, talk.truth.lines, strict=True)]


async def test_an_export_is_made_once_and_is_the_same_to_the_byte(
    bench: Any, exports: Any, talk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    first_dub, second_dub = await bench.dub(talk), await bench.dub(talk)
    one = await exports.make(first_dub, ExportKind.TRACKS, "mkv")
    other = await exports.make(second_dub, ExportKind.TRACKS, "mkv")
    assert one.event.media == other.event.media, "equal in another store, too"
    monkeypatch.setenv("PATH", "")  # from here on no program can be run
    again = await exports.make(first_dub, ExportKind.TRACKS, "mkv")
    assert again.event.made == one.event.made


@pytest.mark.parametrize("container", ["mp4", "mkv"])
async def test_a_preview_is_the_beginning_and_so_are_its_exports(
    container: str, bench: Any, exports: Any
) -> None:
    source, seconds = bench.remade(f"a.{container}", *COPY), 5.0
    store = FakeArtifactStore()
    first = (await bench.segments(store))[:1]
    made = await bench.dub(source, first, store=store, seconds=seconds)
    exported = await exports.make(made, ExportKind.TRACKS, container, seconds=seconds)
    whole = packet_digests(source.path)
    for path in (made.media, exported.path):
        digests = packet_digests(path)
        assert digests == whole[: len(digests)], "the picture's packets are copied"
        assert abs(duration(path) - seconds) < 0.25
        assert onset_errors(sound(path), [first[0].start]) == pytest.approx([0.0], abs=0.05)
    assert made.result.duration_seconds == seconds
    assert [track.language for track in tracks(exported.path, "audio")] == ["spa", "eng"]


async def test_tracks_need_a_picture(bench: Any, exports: Any) -> None:
    made = await bench.dub(bench.remade("a.mp3", "-vn", "-map_chapters", "-1"))
    with pytest.raises(ExportImpossibleError, match="picture"):
        await exports.make(made, ExportKind.TRACKS, "mkv")


async def test_a_job_of_subtitles_alone_has_tracks_of_them_beside_its_own_sound(
    bench: Any, exports: Any, talk: Any
) -> None:
    made = await bench.dub(talk)
    written = made.result.model_copy(
        update={"media": made.result.subtitles[1].srt, "speech_only": None, "target_language": "es"}
    )
    ref = await made.store.write_document("users/written", written)
    exported = await exports.make(made, ExportKind.TRACKS, "mp4", ref)
    assert [track.title for track in tracks(exported.path, "audio")] == ["English (original)"]
    assert tracks(exported.path, "audio")[0].default
    assert [track.title for track in tracks(exported.path, "subtitle")] == ["English", "Spanish"]


def likeness(one: Any, other: Any) -> float:
    """How alike two sounds are, at times that differ by at most 10 ms."""
    most, length = MEASURE_RATE // 100, min(len(one), len(other)) - MEASURE_RATE // 50
    middle = one[most : most + length]
    return max(
        float(np.corrcoef(middle, other[start : start + length])[0, 1]) for start in range(0, 2 * most + 1, 2)
    )
