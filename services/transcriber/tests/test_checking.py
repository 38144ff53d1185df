"""Dubbed lines are heard once a take, judged by their words, spoken again at most twice, and never hidden."""

import io
import wave
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from octavia_common.artifacts.fake import FakeArtifactStore
from octavia_common.documents import Speech, SpokenSegment, Word
from octavia_common.events import (
    ArtifactRef,
    ChunkRef,
    ChunkSpoken,
    ChunkSynthesized,
    ChunkTranslated,
    CloudEvent,
    JobRef,
)
from octavia_common.media import ffmpeg
from octavia_common.messaging.handlers import Work
from octavia_transcriber.checking.hearing import MARGIN
from octavia_transcriber.checking.judging import better, judged, retakes
from octavia_transcriber.checking.stage import CheckStage
from octavia_transcriber.checking.words import distance, error_of
from octavia_transcriber.engines.base import Recogniser, Recognition

CHUNK = ChunkRef(index=0, total=1, start=0.0, end=30.0, next_speech_start=30.0)
SOUND = ArtifactRef(key="k", sha256="0" * 64, size_bytes=1, media_type="audio/flac")


@pytest.mark.parametrize(
    ("said", "heard", "language", "error"),
    [
        ("Good morning, everybody.", "good morning everybody", "en", 0.0),
        ("We don't have 25 of them.", "we dont have twenty five of them", "en", 0.0),
        ("Mr. Lee pays 5%", "mister lee pays five percent", "en", 0.0),
        ("The cat sat on the mat", "the cat on a mat", "en", round(2 / 6, 3)),
        ("one two three four", "", "en", 1.0),
        ("one two three", "much more is heard than was ever said", "en", 1.0),
        ("Anyone?", "any one", "en", 0.0),
        ("今天天气很好。", "今天 天气 不好", "zh", round(1 / 6, 3)),
        ("…", "noise", "en", 0.0),
        ("Ça va ?", "ça va", "fr", 0.0),
    ],
)
def test_errors_are_of_what_is_said_not_of_how_it_is_written(said, heard, language, error):
    assert error_of(said, heard, language) == error


@given(st.lists(st.sampled_from("abc"), max_size=6), st.lists(st.sampled_from("abc"), max_size=6))
def test_a_distance_is_one(a, b):
    assert (distance(a, b) == 0) == (a == b)
    assert distance(a, b) == distance(b, a) <= max(len(a), len(b))
    assert distance([*a, "x"], [*b, "x"]) == distance(a, b)


def line(number: int, error: float | None = None, takes: int = 1, **changes: Any) -> SpokenSegment:
    fields: dict[str, Any] = {
        "id": f"0-{number}",
        "speaker": "S1",
        "start": 4.0 * number,
        "end": 4.0 * number + 3,
        "slot_end": 4.0 * number + 3.9,
        "source_text": "something",
        "text": "one two three four",
        "audio": SOUND,
        "duration": 2.0,
        "rate": 1.0,
        "heard_error": error,
        "takes": takes,
    }
    return SpokenSegment(**(fields | changes))


def test_the_take_that_is_understood_better_is_kept_and_the_earlier_of_equals():
    first, second = line(0, 0.5, rate=1.1), line(0, 0.25, takes=2)
    assert better(None, first) == first
    assert better(first, second) == second
    assert better(second, first.model_copy(update={"takes": 3})).heard_error == 0.25
    assert better(first, line(0, 0.5, takes=2)) == first.model_copy(update={"takes": 2})


def test_what_is_spoken_again_and_what_is_told():
    lines = [line(0, 0.1), line(1, 0.9), line(2, 0.9, takes=3), line(3, 0.9, takes=2), line(4, None)]
    assert retakes(lines, {}, 0.4) == {"0-1": 1, "0-3": 2}
    assert retakes(lines, {"0-3": 2}, 0.4) == {"0-1": 1}  # asked for, and there was no other way
    assert [judged(each, 0.4).flags for each in (*lines, line(5, 0.2, takes=2))] == [
        (), ("misheard",), ("misheard",), ("misheard",), (), ("repaired",)
    ]  # fmt: skip


class Ear(Recogniser):
    """Hears in a sound what was agreed for its length in tenths of a second."""

    name = "ear"
    languages = ("en",)
    honours = ("check_speech",)

    def __init__(self) -> None:
        super().__init__()
        self.hears: dict[int, str] = {}
        self.asked: list[int] = []

    def work(self, request, cancel):
        length = round((len(request.samples) - 2 * MARGIN) / 1600)
        self.asked.append(length)
        words = self.hears[length].split()
        return Recognition("en", tuple(Word(text=word, start=0, end=1) for word in words))


@dataclass
class Desk:
    """Puts spoken chunks before the checker, and speaks again what it sends back."""

    store: FakeArtifactStore
    job: JobRef
    work: Work
    ear: Ear
    language: str = "en"
    rounds: list[ChunkTranslated] = field(default_factory=list)

    @property
    def stage(self) -> CheckStage:
        return CheckStage(self.store, self.ear, most_error=0.4)

    async def take(self, number: int, tenths: int, takes: int = 1) -> SpokenSegment:
        """A line whose sound is so long."""
        buffer = io.BytesIO()
        with wave.open(buffer, "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(48_000)
            file.writeframes(np.full(4800 * tenths, 1000 + number, "<i2").tobytes())
        done = await ffmpeg("-i", "pipe:0", "-f", "flac", "pipe:1", stdin=buffer.getvalue())
        audio = await self.store.write(f"users/x/line{number}-{tenths}", done.stdout, "audio/flac")
        return line(number, audio=audio, takes=takes, duration=tenths / 10)

    async def spoken(self, lines: list[SpokenSegment], **changes: Any) -> CloudEvent[ChunkSpoken]:
        speech = Speech(
            source_language="es", target_language=self.language, chunk=CHUNK, segments=tuple(lines)
        )
        ref = await self.store.write_document(f"users/x/speech{len(self.store.objects)}", speech)
        event = ChunkSpoken(
            job=self.job,
            chunk=CHUNK,
            source_language="es",
            target_language=self.language,
            translation=SOUND,
            speech=ref,
            made=(ref.key,),
        )
        return CloudEvent.wrap(event.model_copy(update=changes), service="synthesizer")

    async def check(self, event: CloudEvent[ChunkSpoken]) -> ChunkTranslated | ChunkSynthesized:
        (out,) = await self.stage.handle(event, self.work)
        return out

    async def again(self, out: ChunkTranslated, takes: dict[int, SpokenSegment]) -> CloudEvent[ChunkSpoken]:
        """What the synthesizer says of a retake; a line without another take stays as it is."""
        assert out.spoken is not None
        best = await self.store.read_document(out.spoken, Speech)
        lines = [takes.get(number, each) for number, each in enumerate(best.segments)]
        return await self.spoken(lines, retakes=out.retakes, best=out.spoken, made=(*out.made, "new"))

    async def lines(self, out: ChunkSynthesized) -> tuple[SpokenSegment, ...]:
        return (await self.store.read_document(out.speech, Speech)).segments


@pytest.fixture
async def desk(store, job, work):
    ear = Ear()
    await ear.start()
    yield Desk(store, job, work, ear)
    await ear.close()


GOOD, BAD = "one two three four", "what is this"


async def test_good_lines_go_on_as_they_are_and_say_how_they_were_heard(desk):
    desk.ear.hears = {10: GOOD, 20: "one two tree four"}
    silent = line(2, audio=None, flags=("unspeakable",))
    event = await desk.spoken([await desk.take(0, 10), await desk.take(1, 20), silent])
    out = await desk.check(event)
    assert isinstance(out, ChunkSynthesized)
    lines = await desk.lines(out)
    assert [(each.heard_error, each.takes) for each in lines] == [(0.0, 1), (0.25, 1), (None, 1)]
    assert [each.flags for each in lines] == [(), (), ("unspeakable",)]
    assert {event.data.speech.key, out.speech.key} < set(out.made)
    assert all(key in desk.store.objects for key in out.made)


async def test_a_bad_line_is_spoken_again_and_the_better_take_is_kept(desk):
    desk.ear.hears = {10: GOOD, 20: BAD, 30: GOOD}
    first = await desk.check(await desk.spoken([await desk.take(0, 10), await desk.take(1, 20)]))
    assert isinstance(first, ChunkTranslated)
    assert first.retakes == {"0-1": 1}
    heard_before = list(desk.ear.asked)
    last = await desk.check(await desk.again(first, {1: await desk.take(1, 30, takes=2)}))
    assert isinstance(last, ChunkSynthesized)
    assert desk.ear.asked[len(heard_before) :] == [30]
    lines = await desk.lines(last)
    assert [(each.duration, each.takes, each.flags) for each in lines] == [
        (1.0, 1, ()), (3.0, 2, ("repaired",))
    ]  # fmt: skip
    assert set(first.made) < set(last.made)


async def test_what_stays_bad_is_flagged_after_two_more_takes_with_the_best_of_them(desk):
    desk.ear.hears = {20: BAD, 30: "one what is two", 40: BAD}
    first = await desk.check(await desk.spoken([await desk.take(0, 20)]))
    second = await desk.check(await desk.again(first, {0: await desk.take(0, 30, takes=2)}))
    assert isinstance(second, ChunkTranslated)
    assert second.retakes == {"0-0": 2}
    assert second.event_id() != first.event_id()
    last = await desk.check(await desk.again(second, {0: await desk.take(0, 40, takes=3)}))
    assert isinstance(last, ChunkSynthesized)
    (told,) = await desk.lines(last)
    assert (told.duration, told.takes, told.heard_error, told.flags) == (3.0, 3, 0.75, ("misheard",))


async def test_a_line_that_cannot_be_spoken_otherwise_is_flagged_at_once(desk):
    desk.ear.hears = {20: BAD}
    first = await desk.check(await desk.spoken([await desk.take(0, 20)]))
    last = await desk.check(await desk.again(first, {}))
    assert isinstance(last, ChunkSynthesized)
    assert [each.flags for each in await desk.lines(last)] == [("misheard",)]
    assert desk.ear.asked == [20]


async def test_a_second_delivery_hears_nothing_and_says_the_same(desk):
    desk.ear.hears = {10: GOOD, 20: BAD, 30: GOOD}
    event = await desk.spoken([await desk.take(0, 10), await desk.take(1, 20)])
    first = await desk.check(event)
    again = await desk.again(first, {1: await desk.take(1, 30, takes=2)})
    last = await desk.check(again)
    asked = list(desk.ear.asked)
    assert await desk.check(event) == first
    assert await desk.check(again) == last
    assert desk.ear.asked == asked


async def test_after_a_crash_only_what_was_not_heard_is_heard(desk):
    desk.ear.hears = {10: GOOD, 20: GOOD}
    event = await desk.spoken([await desk.take(0, 10), await desk.take(1, 20)])
    out = await desk.check(event)
    lost = [key for key in out.made if "heard-line" in key][:1]
    await desk.store.delete([out.speech.key, *lost])
    desk.ear.asked.clear()
    assert await desk.check(event) == out
    assert len(desk.ear.asked) == 1


async def test_what_cannot_be_heard_is_passed_on_untouched(desk):
    event = await desk.spoken([await desk.take(0, 20)], target_language="fr")
    out = await desk.check(event)
    assert isinstance(out, ChunkSynthesized)
    assert (out.speech, out.made, desk.ear.asked) == (event.data.speech, event.data.made, [])
    desk.ear.honours = ()  # an engine that understands nothing, such as `timed`
    out = await desk.check(await desk.spoken([await desk.take(0, 20)]))
    assert isinstance(out, ChunkSynthesized)
    assert desk.ear.asked == []
