"""The stage: every line spoken once, kept, and re-spoken only where it changed."""

import asyncio
import threading

import numpy as np
import pytest
from octavia_common.documents import Speech
from octavia_common.errors import JobCancelledError, TransientError, UnsupportedLanguageError
from octavia_common.events import ChunkSpoken, ChunkSynthesized, CloudEvent, Voice
from octavia_synthesizer.engine import LineUnspeakableError, Sound, SynthesisEngine, UnknownVoiceError
from octavia_synthesizer.fitting import SAMPLE_RATE
from octavia_synthesizer.handler import SynthesizeChunk
from octavia_synthesizer.sound import lengths

from .conftest import segment_of


class Beeper(SynthesisEngine):
    """Beeps 0.1 s a character at its natural rate; remembers which texts it was asked for."""

    name = "beeper"
    rates = (0.1, 10.0)
    attempts = 1

    def __init__(self, *, threads: int = 2, fails: dict[str, Exception] | None = None) -> None:
        super().__init__()
        self.threads, self.fails = threads, fails or {}
        self.texts: list[str] = []
        self.voices_used: dict[str, str] = {}
        self.busy = self.most_busy = 0
        self._lock = threading.Lock()

    def voice_for(self, language, speaker):
        if language != "es":
            raise UnsupportedLanguageError("It speaks es.")
        return f"voice of {speaker}"

    def languages(self):
        return ["es"]

    def voices(self):
        return [Voice(id="high", title="High")]

    def voice_called(self, voice_id, language):
        if voice_id != "high":
            raise UnknownVoiceError("It has high.")
        return voice_id

    def work(self, request, cancel):
        with self._lock:
            self.texts.append(request.text)
            self.voices_used[request.text] = request.voice
            self.busy += 1
            self.most_busy = max(self.most_busy, self.busy)
        try:
            cancel.sleep(0.01)
            if request.text in self.fails:
                raise self.fails[request.text]
            count = int(0.1 * len(request.text) / request.rate * SAMPLE_RATE)
            level = 0.0 if request.text == "mute" else 0.3
            return Sound((level * np.sin(np.arange(count) * 0.05)).astype(np.float32), SAMPLE_RATE)
        finally:
            with self._lock:
                self.busy -= 1


@pytest.fixture
async def stage(store):
    started = []

    async def make(**options):
        engine = Beeper(**options)
        await engine.start()
        started.append(engine)
        return SynthesizeChunk(store, engine), engine

    yield make
    for engine in started:
        await engine.close()


NORMAL = "a line of thirty characters.."


async def test_speaks_every_line_and_tells_what_it_made(store, work, translated, stage):
    handler, _ = await stage()
    event = await translated(NORMAL, NORMAL + "!", segment_of(2, "short", speaker="S2"))
    (out,) = await handler.handle(event, work)
    speech = await store.read_document(out.speech, Speech)
    assert [line.id for line in speech.segments] == ["0-0", "0-1", "0-2"]
    assert speech.segments[2].speaker == "S2"
    for line in speech.segments:
        natural, played = lengths(await store.read(line.audio))
        assert line.duration == played / SAMPLE_RATE <= line.slot_end - line.start
        assert line.rate == pytest.approx(natural / played)
        assert 0.85 - 1e-4 <= line.rate <= 1.2
        assert line.flags == ()
        assert line.audio.media_type == "audio/flac"
    assert set(out.made) == {out.speech.key} | {line.audio.key for line in speech.segments}
    assert set(out.made) == {
        key for key in store.objects if key.startswith(f"users/{event.data.job.user_id}/")
    }
    assert out.identity() == event.data.identity()


async def test_a_second_delivery_runs_no_engine_and_says_the_same(store, work, translated, stage):
    handler, engine = await stage()
    event = await translated(NORMAL, "other line, another text")
    first = await handler.handle(event, work)
    asked = list(engine.texts)
    assert await handler.handle(event, work) == first
    assert engine.texts == asked


async def test_after_a_crash_only_what_is_missing_is_spoken(store, work, translated, stage):
    handler, engine = await stage()
    event = await translated(NORMAL, "other line, another text")
    (first,) = await handler.handle(event, work)
    lost = (await store.read_document(first.speech, Speech)).segments[1].audio.key
    await store.delete([first.speech.key, lost])
    engine.texts.clear()
    assert await handler.handle(event, work) == [first]
    assert set(engine.texts) == {"other line, another text"}


async def test_an_edited_line_is_spoken_alone(store, work, translated, stage):
    handler, engine = await stage()
    lines = [f"line number {n} of this chunk..." for n in range(5)]
    (before,) = await handler.handle(await translated(*lines), work)
    engine.texts.clear()
    lines[3] = "this one was edited by a person"
    (after,) = await handler.handle(await translated(*lines), work)
    assert set(engine.texts) == {lines[3]}
    assert len(set(before.made) & set(after.made)) == 4


async def test_another_slot_or_voice_is_another_sound(store, work, translated, stage):
    handler, _ = await stage()
    keys = set()
    for changes in (
        {},
        {"speaker": "S2"},
        {"end": 2.0},
        {"slot_end": 3.1},
        {"source_text": "the same sound"},
    ):
        (out,) = await handler.handle(await translated(segment_of(0, NORMAL, **changes)), work)
        keys.add((await store.read_document(out.speech, Speech)).segments[0].audio.key)
    assert len(keys) == 4


async def test_lines_that_do_not_fit_are_not_spoken_past_understanding(store, work, translated, stage):
    handler, _ = await stage()
    (out,) = await handler.handle(await translated("x" * 55, "x" * 90), work)
    stretched, ended = (await store.read_document(out.speech, Speech)).segments
    assert (stretched.flags, stretched.cut) == (("rate_stretched",), 0)
    assert 1.2 < stretched.rate <= 1.5
    assert ended.flags == ("rate_stretched", "too_long")
    assert ended.rate == pytest.approx(1.5, abs=1e-3)
    assert ended.cut > 0.5
    assert max(stretched.duration, ended.duration) <= 3.95


async def test_what_cannot_be_spoken_is_silent_and_flagged(store, work, translated, stage):
    handler, engine = await stage(fails={"bad": LineUnspeakableError("no")})
    event = await translated(
        segment_of(0, "", flags=("untranslated",)),
        "…",
        "mute",
        "bad",
        segment_of(4, "no room", slot_end=16.01),
        NORMAL,
    )
    (out,) = await handler.handle(event, work)
    speech = await store.read_document(out.speech, Speech)
    assert [line.flags for line in speech.segments] == [
        ("untranslated", "unspeakable"),
        ("unspeakable",),
        ("unspeakable",),
        ("unspeakable",),
        ("too_long", "unspeakable"),
        (),
    ]
    assert [line.audio is None for line in speech.segments] == [True] * 5 + [False]
    assert "" not in engine.texts
    assert "…" not in engine.texts
    assert len(out.made) == 2


async def test_an_engine_that_fails_on_every_line_fails_the_job(store, work, translated, stage):
    handler, _ = await stage(fails={"bad": LineUnspeakableError("no"), "worse": LineUnspeakableError("no")})
    with pytest.raises(LineUnspeakableError):
        await handler.handle(await translated("bad", "worse", "…"), work)


async def test_an_empty_chunk(store, work, translated, stage):
    handler, engine = await stage()
    (out,) = await handler.handle(await translated(), work)
    assert (await store.read_document(out.speech, Speech)).segments == ()
    assert (out.made, engine.texts) == ((out.speech.key,), [])


async def test_lines_of_a_chunk_are_spoken_at_once_up_to_the_setting(store, work, translated, stage):
    handler, engine = await stage(threads=3)
    await handler.handle(await translated(*(f"line number {n} of this chunk..." for n in range(9))), work)
    assert engine.most_busy == 3


async def test_errors_keep_their_kind(store, work, translated, stage):
    handler, _ = await stage(fails={"down": TransientError("down")})
    with pytest.raises(TransientError):
        await handler.handle(await translated(NORMAL, "down"), work)
    with pytest.raises(UnsupportedLanguageError):
        await handler.handle(await translated(NORMAL, target="xx"), work)
    with pytest.raises(UnsupportedLanguageError):
        await handler.handle(await translated(target="xx"), work)


async def test_cancelled_work_stops_and_writes_no_manifest(store, work, translated, stage):
    handler, engine = await stage(threads=1)
    event = await translated(*(f"line number {n} of this chunk..." for n in range(50)))
    running = asyncio.create_task(handler.handle(event, work))
    while not engine.texts:
        await asyncio.sleep(0.005)
    work.cancel.cancel("ended")
    with pytest.raises(JobCancelledError):
        await running
    assert len(set(engine.texts)) < 50
    assert not any("/speech/" in key for key in store.objects)


async def test_a_job_chooses_voices_by_speaker_and_for_everybody_else(store, work, translated, stage):
    handler, engine = await stage()
    lines = ["of the first speaker.......", segment_of(1, "of the second speaker......", speaker="S2")]
    (plain,) = await handler.handle(await translated(*lines), work)
    assert set(engine.voices_used.values()) == {"voice of S1", "voice of S2"}
    (one,) = await handler.handle(await translated(*lines, voices={"S2": "high"}), work)
    assert engine.voices_used[lines[0]] == "voice of S1"
    assert engine.voices_used[lines[1].text] == "high"
    (all_,) = await handler.handle(await translated(*lines, voices={"*": "high"}), work)
    assert set(engine.voices_used.values()) == {"high"}
    assert len({out.speech.key for out in (plain, one, all_)}) == 3
    assert all_.options.voices == {"*": "high"}
    with pytest.raises(UnknownVoiceError):
        await handler.handle(await translated(*lines, voices={"S1": "low"}), work)


async def test_of_several_translations_all_are_spoken_and_the_best_is_taken(store, work, translated, stage):
    handler, engine = await stage()
    long, short = "far too long for the time that there is for it, and more", NORMAL
    event = await translated(segment_of(0, long, candidates=(short, "tiny")), NORMAL + "?")
    (out,) = await handler.handle(event, work)
    first, second = (await store.read_document(out.speech, Speech)).segments
    assert set(engine.texts) == {long, short, "tiny", NORMAL + "?"}
    assert (first.id, first.text, first.flags) == ("0-0", short, ())
    assert first.candidates == (long, "tiny")
    assert second.text == NORMAL + "?"
    asked = len(engine.texts)
    assert await handler.handle(event, work) == [out]
    assert len(engine.texts) == asked


async def test_lines_to_be_checked_are_told_as_spoken(store, work, translated, stage):
    handler, _ = await stage()
    event = await translated(NORMAL, check_speech=True)
    (out,) = await handler.handle(event, work)
    assert isinstance(out, ChunkSpoken)
    assert (out.translation, out.retakes, out.best) == (event.data.translation, {}, None)
    for wish in ({"check_speech": False}, {}):
        (other,) = await handler.handle(await translated(NORMAL, **wish), work)
        assert isinstance(other, ChunkSynthesized)
        assert other.speech.sha256 == out.speech.sha256
    (nothing,) = await handler.handle(await translated("…", check_speech=True), work)
    assert isinstance(nothing, ChunkSynthesized)
    checks = SynthesizeChunk(store, handler._engine, check=True)
    assert isinstance((await checks.handle(await translated(NORMAL), work))[0], ChunkSpoken)


async def test_a_retake_speaks_those_lines_alone_in_another_way(store, work, translated, stage):
    handler, engine = await stage()
    other = "another line, which stays as it is"
    event = await translated("There are 25 of them, I think", other, check_speech=True)
    (first,) = await handler.handle(event, work)
    engine.texts.clear()
    again = event.data.model_copy(
        update={"retakes": {"0-0": 1}, "spoken": first.speech, "made": ("users/u/artifacts/heard-line/x",)}
    )
    asked = CloudEvent.wrap(again, service="transcriber")
    (second,) = await handler.handle(asked, work)
    assert set(engine.texts) == {"There are veinticinco of them, I think"}
    assert (second.retakes, second.best, second.made[0]) == ({"0-0": 1}, first.speech, again.made[0])
    assert second.event_id() != first.event_id()
    before, after = [(await store.read_document(each.speech, Speech)).segments for each in (first, second)]
    assert (after[0].takes, after[0].text, after[1]) == (2, before[0].text, before[1])
    assert after[0].audio != before[0].audio
    engine.texts.clear()
    assert await handler.handle(asked, work) == [second]
    assert engine.texts == []


async def test_a_line_that_cannot_be_said_otherwise_stays(store, work, translated, stage):
    handler, _ = await stage(fails={"bad one": LineUnspeakableError("no")})
    event = await translated("a plain line of thirty letters", "not bad, bad one", check_speech=True)
    (first,) = await handler.handle(event, work)
    again = event.data.model_copy(update={"retakes": {"0-0": 1, "0-1": 1}, "spoken": first.speech})
    (second,) = await handler.handle(CloudEvent.wrap(again, service="transcriber"), work)
    lines = [(await store.read_document(each.speech, Speech)).segments for each in (first, second)]
    assert lines[0] == lines[1]
