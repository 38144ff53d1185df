"""The language of a job that leaves it open: decided once, over several chunks, and only when sure."""

from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from octavia_common.cancellation import CancelToken
from octavia_common.documents import ChunkPlan, PlannedChunk, SpeechRegion
from octavia_common.events import ArtifactRef, ChunkRef, CloudEvent, CreditsReserved, JobKind
from octavia_transcriber.engines.detection import DetectionRequest, LanguageDetector
from octavia_transcriber.planning.chunks import ChunkRules
from octavia_transcriber.splitting.language import (
    AlreadySpokenError,
    LanguageFinder,
    LanguageNotDetectedError,
    decide,
    speech_of,
    spread,
)
from octavia_transcriber.splitting.silence import SilenceCutter
from octavia_transcriber.splitting.stage import SplitStage
from octavia_transcriber.splitting.timed import TimedCutter

RATE = 16_000
REF = ArtifactRef(key="users/x/chunk", sha256="0" * 64, size_bytes=1, media_type="audio/wav")


class FakeDetector(LanguageDetector):
    """Says what it was told to, one answer a stretch, the last one for all further ones."""

    name = "fake"

    def __init__(self, *answers: Mapping[str, float]) -> None:
        super().__init__()
        self.answers = answers
        self.requests: list[DetectionRequest] = []

    def work(self, request: DetectionRequest, cancel: CancelToken) -> tuple[Mapping[str, float], ...]:
        self.requests.append(request)
        count = len(request.stretches)
        return (*self.answers[:count], *[self.answers[-1]] * (count - len(self.answers)))


def chunk(index: int, speech: Sequence[tuple[float, float]], total: int = 20) -> PlannedChunk:
    start = 30.0 * index
    return PlannedChunk(
        chunk=ChunkRef(index=index, total=total, start=start, end=start + 29, next_speech_start=start + 30),
        audio=REF,
        regions=tuple(SpeechRegion(start=start + a, end=start + b) for a, b in speech),
    )


def test_the_mean_over_what_is_said_decides_and_not_the_first_breath():
    found = [{"it": 0.9, "de": 0.1}, {"it": 0.05, "de": 0.95}, {"it": 0.1, "de": 0.9}]
    decided = decide(found, [3.0, 30.0, 27.0])
    assert decided.language == "de"
    assert decided.probability == pytest.approx((0.1 * 3 + 0.95 * 30 + 0.9 * 27) / 60, abs=1e-4)


def test_of_two_languages_as_likely_it_is_always_the_same():
    assert decide([{"b": 0.5, "a": 0.5}], [1.0]) == decide([{"a": 0.5, "b": 0.5}], [1.0])


def test_chunks_are_spread_over_the_source_and_have_much_speech():
    chunks = [chunk(n, [(1, 20 if n % 4 == 3 else 5)]) for n in range(20)]
    assert [one.chunk.index for one in spread(chunks, 5)] == [3, 7, 11, 15, 19]
    assert spread(chunks[:3], 5) == chunks[:3]
    assert spread([], 5) == []


def test_what_is_listened_to_is_speech_alone_and_at_most_30_s():
    samples = np.arange(29 * RATE, dtype=np.int64).astype(np.int16)
    heard = speech_of(chunk(2, [(1, 2), (5, 7)]), samples)
    assert len(heard) == 3 * RATE
    assert (heard[RATE:] == samples[5 * RATE : 7 * RATE]).all()
    assert len(speech_of(chunk(0, [(0, 20), (20, 40)]), np.zeros(40 * RATE, np.int16))) == 30 * RATE


@pytest.fixture
async def detector():
    detector = FakeDetector({"de": 0.8, "en": 0.2})
    await detector.start()
    yield detector
    await detector.close()


def reserved(job, spec, **changes) -> CloudEvent[CreditsReserved]:
    spec = spec.model_copy(update={"source_language": "auto"} | changes)
    return CloudEvent.wrap(CreditsReserved(job=job, spec=spec, amount=10), service="billing")


async def test_the_plan_tells_the_language_and_asks_once(store, detector, job, work, spec_of, film, talk):
    spec = await spec_of(film(talk.sound), len(talk.sound) / RATE)
    cutter = SilenceCutter(store, ChunkRules(parts=2, shortest=2))
    stage = SplitStage(store, cutter, LanguageFinder(store, detector, 0.3))
    (planned,) = await stage.handle(reserved(job, spec, model_size="small"), work)
    assert planned.spec.source_language == planned.detected.language == "de"
    assert planned.detected.probability == pytest.approx(0.8)
    (request,) = detector.requests
    assert request.model_size == "small"
    assert len(request.stretches) == planned.chunks > 1
    spoken = sum(end - start for start, end in talk.spoken)
    assert sum(map(len, request.stretches)) / RATE == pytest.approx(spoken, abs=1.5)
    # A plan that was made before, for a job that knew its language, serves as well.
    assert await stage.handle(reserved(job, spec, model_size="small"), work) == [planned]
    assert len(detector.requests) == 1
    assert set(planned.made) <= set(store.objects)


async def test_a_plan_of_a_job_that_knows_its_language_is_as_it_was(store, detector, job, work, spec_of):
    spec = await spec_of(b"anything", 60.0)
    with_finder = SplitStage(store, TimedCutter(2), LanguageFinder(store, detector, 0.3))
    (planned,) = await with_finder.handle(reserved(job, spec, source_language="en"), work)
    assert (
        planned
        == (await SplitStage(store, TimedCutter(2)).handle(reserved(job, spec, source_language="en"), work))[
            0
        ]
    )
    assert planned.detected is None
    assert detector.requests == []


async def test_a_source_without_speech_has_no_language(store, detector, job, work, spec_of):
    stage = SplitStage(store, TimedCutter(0), LanguageFinder(store, detector, 0.3))
    (planned,) = await stage.handle(reserved(job, await spec_of(b"anything", 60.0)), work)
    assert planned.spec.source_language == "und"
    assert (planned.chunks, planned.detected) == (0, None)


@pytest.mark.parametrize(("chunks", "found"), [(2, "de"), (0, "und")])
async def test_the_sources_own_language_as_a_target_is_the_one_that_is_heard(
    store, detector, job, work, spec_of, chunks, found
):
    stage = SplitStage(store, TimedCutter(chunks), LanguageFinder(store, detector, 0.3))
    event = reserved(
        job, await spec_of(b"anything", 60.0), kind=JobKind.SUBTITLES, target_languages=("auto",)
    )
    (planned,) = await stage.handle(event, work)
    assert (planned.spec.source_language, planned.spec.target_languages) == (found, (found,))


async def test_an_unsure_answer_fails_the_job_and_asks(store, detector, job, work, spec_of):
    stage = SplitStage(store, TimedCutter(2), LanguageFinder(store, detector, 0.9))
    with pytest.raises(LanguageNotDetectedError, match="80% likely\\): choose the source language"):
        await stage.handle(reserved(job, await spec_of(b"anything", 60.0)), work)


async def test_a_language_that_is_also_a_target_is_told_of(store, detector, job, work, spec_of):
    stage = SplitStage(store, TimedCutter(2), LanguageFinder(store, detector, 0.3))
    event = reserved(job, await spec_of(b"anything", 60.0), target_languages=("es", "de-AT"))
    with pytest.raises(AlreadySpokenError, match="'de' already"):
        await stage.handle(event, work)


async def test_without_a_detector_the_job_fails_before_anything_is_done(store, job, work, spec_of):
    spec = await spec_of(b"not even media", 60.0)
    with pytest.raises(LanguageNotDetectedError, match="choose the source language"):
        await SplitStage(store, SilenceCutter(store)).handle(reserved(job, spec), work)


async def test_one_model_decides_not_what_another_decided(store, detector, job, work, spec_of):
    other = FakeDetector({"fr": 1.0})
    other.version = "2"
    await other.start()
    event = reserved(job, await spec_of(b"anything", 60.0), target_languages=("es",))
    found = []
    for each in (detector, other):
        stage = SplitStage(store, TimedCutter(2), LanguageFinder(store, each, 0.3))
        found += await stage.handle(event, work)
    assert [planned.detected.language for planned in found] == ["de", "fr"]
    plan = await store.read_document(found[0].plan, ChunkPlan)
    assert plan.chunks
    await other.close()
