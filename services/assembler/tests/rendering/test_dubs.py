"""What a dub keeps, lowers, cuts, reports and never makes twice."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from octavia_assembler.rendering.dub import DubRenderer
from octavia_assembler.separation.base import SeparationRequest, Separator
from octavia_assembler.sound.ducking import Ducking
from octavia_assembler.timeline import SAMPLE_RATE
from octavia_common.artifacts.fake import FakeArtifactStore
from octavia_common.cancellation import CancelToken
from octavia_common.documents import QualityReport
from octavia_common.errors import JobCancelledError, PermanentError
from octavia_samples.measure import (
    cues,
    duration,
    frame_seconds,
    level,
    loudness,
    packet_digests,
    sound,
    tracks,
)
from octavia_samples.oddities import silent, without_speech
from octavia_samples.truth import Truth
from octavia_samples.voices import decode_file


async def test_the_original_voice_is_well_below_the_dub_and_pauses_keep_their_music(
    bench: Any, talk: Any
) -> None:
    made = await bench.dub(talk)
    before, after = sound(talk.path), sound(made.media)
    for start, end in talk.truth.pauses():
        pause = (start + 0.4, end - 0.2)
        if pause[1] - pause[0] > 0.2:
            assert level(after, *pause) == pytest.approx(level(before, *pause), abs=0.5)
    for line, segment in zip(talk.truth.lines, made.result.segments, strict=True):
        # Behind the dub's end the source still speaks: only its ducked voice is left there.
        rest = (segment.placed_end + 0.05, line.end - 0.05)
        if rest[1] - rest[0] > 0.1:
            assert level(after, *rest) < level(before, *rest) - 20
        spoken_part = (segment.placed_start, segment.placed_end)
        assert level(after, *spoken_part) == pytest.approx(level(before, *spoken_part), abs=4)


async def test_speech_alone_is_an_artifact_of_the_same_length(bench: Any, talk: Any, tmp_path: Path) -> None:
    made = await bench.dub(talk)
    assert made.result.speech_only is not None
    stem = await made.store.fetch(made.result.speech_only, tmp_path / "stem.flac")
    assert soundfile.info(stem).frames == round(made.result.duration_seconds * SAMPLE_RATE)
    voice = decode_file(stem)
    for start, end in talk.truth.pauses():
        inside = voice[round((start + 0.05) * SAMPLE_RATE) : round((end - 0.05) * SAMPLE_RATE)]
        assert not inside.any()
    subtitles = {each.language: each for each in made.result.subtitles}
    assert set(subtitles) == {"en", "es"}
    assert "museo de historia" in (await made.store.read(subtitles["es"].srt)).decode()
    assert (await made.store.read(subtitles["en"].vtt)).startswith(b"WEBVTT")
    assert set(made.event.made) <= set(made.store.objects)
    assert len([key for key in made.event.made if "/assembler/" in key]) == 9


async def test_the_report_tells_what_can_be_measured_in_the_files(
    bench: Any, talk: Any, tmp_path: Path
) -> None:
    store = FakeArtifactStore()
    segments = []
    for number, segment in enumerate(await bench.segments(store)):
        soundfile.write(tmp_path / "line.wav", bench.voice(number), SAMPLE_RATE)
        lufs = loudness(tmp_path / "line.wav").integrated
        segments.append(segment.model_copy(update={"lufs": lufs, "onset": 0.0}))
    made = await bench.dub(talk, segments, store=store)
    assert made.result.report is not None
    assert made.result.report.key in made.event.made
    report = await store.read_document(made.result.report, QualityReport)
    totals = report.totals
    assert (report.language, totals.lines, totals.flagged, totals.repaired) == ("es", 3, 0, 0)
    assert totals.onset_p95_ms == pytest.approx(0, abs=1)
    assert totals.drift_ms == pytest.approx(0, abs=1)
    assert (totals.overlap_seconds, totals.rate_in_bounds) == (0, 1)
    measured = loudness(made.media)
    assert totals.output_lufs == pytest.approx(measured.integrated, abs=0.2)
    assert totals.true_peak_dbtp == pytest.approx(measured.true_peak, abs=0.2)
    stem, _ = soundfile.read(await store.fetch(made.result.speech_only, tmp_path / "stem.flac"))
    for line, placed in zip(report.lines, made.result.segments, strict=True):
        part = stem[round(placed.placed_start * SAMPLE_RATE) : round(placed.placed_end * SAMPLE_RATE)]
        soundfile.write(tmp_path / "part.wav", np.column_stack([part, part]), SAMPLE_RATE)
        assert line.lufs == pytest.approx(loudness(tmp_path / "part.wav").integrated, abs=0.5)


async def test_without_speech_it_keeps_its_own_sound_and_says_so(bench: Any, tmp_path: Path) -> None:
    for name in ("a.mp4", "a.mkv", "a.mov"):
        path = without_speech(tmp_path / name)
        made = await bench.dub(bench.source(path, Truth(8.0, "en", ())), [])
        for stream in ("v:0", "a:0"):
            assert packet_digests(made.media, stream) == packet_digests(path, stream)
        assert [t.language for t in tracks(made.media, "subtitle")] == ["eng", "spa"]
        assert cues(made.media, track=1) == []
        assert abs(duration(made.media) - duration(path)) <= frame_seconds(path)
        assert [(await made.store.read(each.srt)) for each in made.result.subtitles] == [b"", b""]
        assert "Nobody speaks" in made.result.notes[0]
        assert made.result.segments == ()
        assert made.result.loudness.source_lufs == pytest.approx(loudness(path).integrated, abs=0.2)


async def test_digital_silence_has_no_loudness_and_harms_nothing(
    bench: Any, talk: Any, tmp_path: Path
) -> None:
    path = silent(tmp_path / "a.mp4")
    quiet = await bench.dub(bench.source(path, Truth(8.0, "en", ())), [])
    assert quiet.result.loudness.output_lufs is None
    spoken_over = await bench.dub(bench.source(path, talk.truth))
    assert spoken_over.result.loudness.source_lufs is None
    assert loudness(spoken_over.media).integrated == pytest.approx(-23, abs=2)


async def test_a_very_quiet_source_stays_quiet(bench: Any) -> None:
    source = bench.remade("a.mkv", "-c:v", "copy", "-af", "volume=-30dB", "-c:a", "flac")
    bench.check(await bench.dub(source))


async def test_a_source_mastered_too_loud_stays_below_the_peak(bench: Any) -> None:
    loud = (
        "-c:v",
        "copy",
        "-af",
        "volume=12dB,alimiter=limit=0.98:level=false",
        "-c:a",
        "aac",
        "-b:a",
        "96k",
    )
    made = await bench.dub(bench.remade("a.mp4", *loud))
    assert loudness(made.source.path).true_peak > -0.5
    bench.check(made)


async def test_a_line_that_could_not_be_spoken_leaves_the_original_audible_and_says_so(
    bench: Any, talk: Any
) -> None:
    store = FakeArtifactStore()
    segments = await bench.segments(store)
    segments[1] = segments[1].model_copy(update={"audio": None, "flags": ("unspeakable",)})
    made = await bench.dub(talk, segments, store=store)
    before, after = sound(talk.path), sound(made.media)
    line = talk.truth.lines[1]
    assert level(after, line.start, line.end) == pytest.approx(level(before, line.start, line.end), abs=1)
    assert made.result.notes == ("1 line could not be spoken; the original is heard there.",)
    assert [cue.text for cue in cues(made.media, track=1)][1].split() == bench.spanish[1].split()


async def test_a_line_that_is_too_long_is_cut_before_the_next_and_flagged(
    bench: Any, talk: Any, tmp_path: Path
) -> None:
    store = FakeArtifactStore()
    segments = await bench.segments(store)
    endless = np.tile(bench.voice(0), 6)
    soundfile.write(tmp_path / "long.flac", endless, SAMPLE_RATE, subtype="PCM_16")
    audio = await store.write_file("users/long", tmp_path / "long.flac", "audio/flac")
    segments[0] = segments[0].model_copy(update={"audio": audio, "duration": len(endless) / SAMPLE_RATE})
    made = await bench.dub(talk, segments, store=store)
    assert made.result.segments[0].flags == ("too_long",)
    assert made.result.segments[0].placed_end < made.result.segments[1].placed_start
    assert made.starts[1] == pytest.approx(talk.truth.lines[1].start, abs=1 / SAMPLE_RATE)
    assert "had to be shortened" in made.result.notes[0]


class NoRenderer(DubRenderer):
    """Fails the test where anything is rendered."""

    async def render(self, *_: Any) -> Any:
        raise AssertionError("rendered again")


async def test_what_exists_is_not_made_again_and_what_is_missing_is(bench: Any, talk: Any) -> None:
    first = await bench.dub(talk)
    again = await bench.dub(talk, store=first.store, renderer=NoRenderer(Ducking()))
    assert (again.event.media, again.event.result, again.event.made) == (
        first.event.media,
        first.event.result,
        first.event.made,
    )
    await first.store.delete([first.result.subtitles[0].srt.key])
    mended = await bench.dub(talk, store=first.store)
    assert mended.event.media == first.event.media
    assert set(mended.event.made) <= set(first.store.objects)
    assert mended.result == first.result, "the same input makes the same bytes"


async def test_a_cancelled_job_makes_nothing(bench: Any, talk: Any) -> None:
    cancel, store = CancelToken(), FakeArtifactStore()
    cancel.cancel("cancelled")
    with pytest.raises(JobCancelledError):
        await bench.dub(talk, cancel=cancel, store=store)
    assert not [key for key in store.objects if "/assembler/" in key]


async def test_a_line_missing_from_the_store_is_a_permanent_error(bench: Any, talk: Any) -> None:
    store = FakeArtifactStore()
    segments = await bench.segments(store)
    del store.objects[segments[1].audio.key]
    with pytest.raises(PermanentError):
        await bench.dub(talk, segments, store=store)


class NoVoice(Separator):
    """Finds no voice in anything, so that nothing makes way."""

    name = "no-voice"

    def work(self, request: SeparationRequest, cancel: CancelToken) -> None:
        request.voice.write_bytes(bytes(request.sound.stat().st_size))


async def test_what_is_not_voice_stays_under_the_dub_where_it_is_separated(bench: Any, talk: Any) -> None:
    renderer = DubRenderer(Ducking(), NoVoice())
    await renderer.start()
    made = await bench.dub(talk, renderer=renderer)
    await renderer.close()
    bench.check(made)
    before, after = sound(talk.path), sound(made.media)
    for line, segment in zip(talk.truth.lines, made.result.segments, strict=True):
        rest = (segment.placed_end + 0.05, line.end - 0.05)
        if rest[1] - rest[0] > 0.1:  # ducked, it is 20 dB lower there
            assert level(after, *rest) == pytest.approx(level(before, *rest), abs=4)
