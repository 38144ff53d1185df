"""The recognition stage: once a chunk, however many languages, and never again for the same sound."""

import asyncio

import numpy as np
import pytest
from octavia_common.cancellation import CancelToken
from octavia_common.documents import Glossary, GlossaryTerm, SpeechRegion, Transcript, Word
from octavia_common.errors import (
    ArtifactMissingError,
    EngineUnavailableError,
    JobCancelledError,
    PermanentError,
)
from octavia_common.events import (
    ArtifactRef,
    ChunkHeld,
    ChunkRef,
    ChunkReleased,
    ChunkTranslated,
    CloudEvent,
    JobOptions,
)
from octavia_transcriber.engines.base import Recogniser, Recognition, RecognitionRequest
from octavia_transcriber.engines.registry import make_engine
from octavia_transcriber.engines.timed import TimedRecogniser
from octavia_transcriber.recognition import RecognitionStage
from octavia_transcriber.settings import TranscriberSettings
from octavia_transcriber.wav import to_wav


class FakeRecogniser(Recogniser):
    """Hears two words in every first region."""

    name = "fake"

    def __init__(self, version: str = "1") -> None:
        super().__init__()
        self.version = version
        self.requests: list[RecognitionRequest] = []

    def work(self, request: RecognitionRequest, cancel: CancelToken) -> Recognition:
        self.requests.append(request)
        start = request.regions[0].start
        words = (
            Word(text="hello", start=start + 0.05, end=start + 0.5),
            Word(text="there", start=start + 0.5, end=start + 1.0),
        )
        return Recognition("en", words)


@pytest.fixture
async def engine():
    engine = FakeRecogniser()
    await engine.start()
    yield engine
    await engine.close()


async def released(store, job, **changes) -> CloudEvent[ChunkReleased]:
    audio = await store.write("users/x/chunk", to_wav(np.zeros(64_000, np.int16).tobytes()), "audio/wav")
    event = ChunkReleased(
        job=job,
        chunk=ChunkRef(index=2, total=5, start=60.0, end=64.0, next_speech_start=70.0),
        audio=audio,
        regions=((61.0, 62.1),),
        source_language="en",
        target_languages=("es", "fr"),
    )
    return CloudEvent.wrap(event.model_copy(update=changes), service="transcriber")


async def test_a_transcript_on_the_sources_clock_and_an_event_a_language(store, job, work, engine):
    events = await RecognitionStage(store, engine).handle(await released(store, job), work)
    assert [event.target_language for event in events] == ["es", "fr"]
    assert len({event.transcript.key for event in events}) == 1
    assert all(event.made == (event.transcript.key,) for event in events)
    transcript = await store.read_document(events[0].transcript, Transcript)
    (segment,) = transcript.segments
    assert (segment.id, segment.start, segment.end, segment.slot_end) == ("0002-01", 61.0, 62.1, 69.95)
    assert segment.text == "Hello there"
    assert [word.start for word in segment.words] == [61.05, 61.5]
    assert engine.requests[0].regions[0].start == 1.0


async def test_what_was_recognised_before_is_not_recognised_again(store, job, work, engine):
    stage = RecognitionStage(store, engine)
    first = await stage.handle(await released(store, job), work)
    assert await stage.handle(await released(store, job), work) == first
    assert len(engine.requests) == 1
    more = await stage.handle(await released(store, job, target_languages=("de",)), work)
    assert [event.target_language for event in more] == ["de"]
    assert len(engine.requests) == 1


@pytest.mark.parametrize(
    "changes",
    [{"source_language": "en-GB"}, {"model_size": "small"}, {"regions": ((61.0, 62.0),)}],
)
async def test_what_would_come_out_different_is_recognised(changes, store, job, work, engine):
    stage = RecognitionStage(store, engine)
    await stage.handle(await released(store, job), work)
    await stage.handle(await released(store, job, **changes), work)
    assert len(engine.requests) == 2


async def test_another_version_of_the_engine_has_transcripts_of_its_own(store, job, work, engine):
    newer = FakeRecogniser("2")
    await newer.start()
    one = await RecognitionStage(store, engine).handle(await released(store, job), work)
    two = await RecognitionStage(store, newer).handle(await released(store, job), work)
    assert one[0].transcript.key != two[0].transcript.key
    await newer.close()


class ListeningRecogniser(FakeRecogniser):
    """Heeds glossaries, and has variants."""

    honours = ("glossary",)

    def variant(self, model_size):
        return {"model": f"weights of {model_size}"}


async def test_the_glossary_is_listened_for_by_an_engine_that_can(store, job, work, engine):
    glossary = Glossary(terms=(GlossaryTerm(source="Octavia", keep=True), GlossaryTerm(source="Kafka")))
    options = JobOptions(glossary=await store.write_document("users/x/glossary", glossary), style="calm")
    listening = ListeningRecogniser()
    await listening.start()
    for each, expected in ((engine, ()), (listening, ("Octavia", "Kafka"))):
        with_terms, *_ = await RecognitionStage(store, each).handle(
            await released(store, job, options=options), work
        )
        assert each.requests[0].hot_words == expected
        assert with_terms.options == options
        without, *_ = await RecognitionStage(store, each).handle(await released(store, job), work)
        assert (with_terms.transcript.key == without.transcript.key) == (expected == ())
    await listening.close()


async def test_segments_know_their_speakers_and_the_key_knows_them_too(store, job, work, engine):
    regions = ((61.0, 62.1), (62.3, 63.0))
    both = await released(store, job, regions=regions, speakers=("S2", "S1"))
    events = await RecognitionStage(store, engine).handle(both, work)
    transcript = await store.read_document(events[0].transcript, Transcript)
    assert [segment.speaker for segment in transcript.segments] == ["S2"]
    nobody = await RecognitionStage(store, engine).handle(await released(store, job, regions=regions), work)
    alone = await released(store, job, regions=regions, speakers=("S1", "S1"))
    assert nobody == await RecognitionStage(store, engine).handle(alone, work)
    assert nobody[0].transcript.key != events[0].transcript.key


async def test_a_chunk_whose_audio_is_gone_fails_its_job(store, job, work, engine):
    gone = ArtifactRef(key="users/x/gone", sha256="0" * 64, size_bytes=1, media_type="audio/wav")
    with pytest.raises(ArtifactMissingError):
        await RecognitionStage(store, engine).handle(await released(store, job, audio=gone), work)


async def test_the_timed_engine_fills_the_regions_and_stops_when_cancelled(store, job, work):
    engine = TimedRecogniser(0)
    await engine.start()
    events = await RecognitionStage(store, engine).handle(await released(store, job), work)
    transcript = await store.read_document(events[0].transcript, Transcript)
    assert [len(segment.words) for segment in transcript.segments] == [3]
    sounds = [np.full(100, level, np.int16) for level in (1, 2)]
    region = (SpeechRegion(start=0, end=1),)
    first, second = [engine.work(RecognitionRequest(each, region, "en"), CancelToken()) for each in sounds]
    assert first.words[0].text != second.words[0].text
    assert first.words[1:] == second.words[1:]
    engine.seconds = 3600
    token = CancelToken()
    event = await released(store, job, model_size="other")
    asyncio.get_running_loop().call_later(0.05, token.cancel)
    with pytest.raises(JobCancelledError):
        await engine.run(RecognitionRequest(np.zeros(10, np.int16), (), event.data.source_language), token)
    await engine.close()


def test_an_unknown_engine_is_refused_with_the_names_of_those_there_are():
    with pytest.raises(EngineUnavailableError, match=r"pocketsphinx, faster-whisper, timed"):
        make_engine(TranscriberSettings(transcriber_engine="whispering"))


async def test_lines_that_are_given_are_passed_on_and_nothing_is_recognised(store, job, work, engine):
    given = ArtifactRef(key="users/x/t", sha256="c" * 64, size_bytes=1, media_type="application/json")
    event = await released(store, job, transcript=given, audio=None, written=True)
    events = await RecognitionStage(store, engine).handle(event, work)
    assert [each.target_language for each in events] == ["es", "fr"]
    assert all(each.transcript == given and each.written for each in events)
    assert all(each.made == (given.key,) for each in events)
    assert engine.requests == []


async def test_a_chunk_of_neither_sound_nor_lines_fails_its_job(store, job, work, engine):
    with pytest.raises(PermanentError):
        await RecognitionStage(store, engine).handle(await released(store, job, audio=None), work)


async def test_a_transcript_that_is_to_be_looked_at_waits_for_all_languages_at_once(store, job, work, engine):
    wishes = JobOptions(review="transcript")
    (held,) = await RecognitionStage(store, engine).handle(await released(store, job, options=wishes), work)
    (heard,) = await RecognitionStage(store, engine).handle(
        await released(store, job, target_languages=("es",)), work
    )
    assert isinstance(held, ChunkHeld)
    assert (held.target_language, held.transcript) == (None, heard.transcript), "the same transcript"
    assert held.slot() is None, "joined, so keyed by job"


async def test_translations_that_were_looked_at_go_straight_on(store, job, work, engine):
    said = ArtifactRef(key="users/x/es", sha256="e" * 64, size_bytes=1, media_type="application/json")
    event = await released(store, job, translations={"es": said, "fr": said, "de": said})
    events = await RecognitionStage(store, engine).handle(event, work)
    assert [(type(each), each.target_language) for each in events] == [
        (ChunkTranslated, "es"),
        (ChunkTranslated, "fr"),
    ]
    assert {each.translation for each in events} == {said}
    assert engine.requests == []
