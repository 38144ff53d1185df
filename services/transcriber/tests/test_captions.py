"""A subtitle file in place of recognition: its lines, its chunks, and what the splitter makes of it."""

import pytest
from octavia_common.documents import ChunkPlan, SpeechRegion, Transcript
from octavia_common.events import CloudEvent, CreditsReserved, JobKind
from octavia_subtitles.rules import Cue
from octavia_subtitles.writing import to_srt
from octavia_transcriber.captions.given import UnusableSubtitlesError
from octavia_transcriber.captions.lines import chunks_of, lines_of
from octavia_transcriber.planning.chunks import ChunkRules
from octavia_transcriber.splitting.silence import SilenceCutter
from octavia_transcriber.splitting.stage import SplitStage

RATE = 16_000


def cue(start: float, end: float, text: str) -> Cue:
    return Cue(round(start * 1000), round(end * 1000), tuple(text.split("|")))


CUES = [
    cue(1.0, 3.0, "We went to the market"),
    cue(3.1, 5.0, "and bought some bread."),
    cue(6.0, 7.0, "♪"),
    cue(8.0, 9.5, "It was good."),
]


def reserved(job, spec) -> CloudEvent[CreditsReserved]:
    return CloudEvent.wrap(CreditsReserved(job=job, spec=spec, amount=10), service="billing")


@pytest.fixture
def stage(store) -> SplitStage:
    return SplitStage(store, SilenceCutter(store, ChunkRules(parts=1)))


def test_a_sentence_is_one_line_and_its_slot_ends_before_the_next():
    first, second = lines_of(CUES, seconds=20.0, spoken=True)
    assert (first.id, first.text) == ("cue-1-2", "We went to the market and bought some bread.")
    assert (first.start, first.end, first.slot_end) == (1.0, 5.0, 7.95)
    assert (second.id, second.start, second.end, second.slot_end) == ("cue-4", 8.0, 9.5, 20.0)


def test_what_lies_behind_the_end_of_the_source_is_left_out():
    (only,) = lines_of(CUES, seconds=4.0, spoken=True)
    assert (only.id, only.end, only.slot_end) == ("cue-1-2", 4.0, 4.0)


def test_a_line_is_of_who_speaks_most_of_it():
    voices = [SpeechRegion(start=0, end=6, speaker="S1"), SpeechRegion(start=7, end=9, speaker="S2")]
    assert [line.speaker for line in lines_of(CUES, seconds=20.0, spoken=True, voices=voices)] == ["S1", "S2"]


def test_a_line_to_be_spoken_is_no_longer_than_a_dub_may_be():
    long = [cue(4.0 * n, 4.0 * n + 3.9, "and they went on") for n in range(5)]
    assert len(lines_of(long, seconds=60, spoken=True)) > 1
    (written,) = lines_of(long, seconds=60, spoken=False)
    assert (written.end, written.slot_end) == (19.9, 19.9), "it is shown as long as its subtitles are"


def test_chunks_are_cut_in_pauses_and_say_where_the_next_begins():
    lines = lines_of([cue(5.0 * n, 5.0 * n + 3, f"Line {n}.") for n in range(20)], seconds=100, spoken=True)
    chunks = chunks_of(lines, seconds=100)
    assert [len(each.segments) for each in chunks] == [6, 6, 6, 2]
    assert [each.chunk.start for each in chunks] == [0.0, 30.0, 60.0, 90.0]
    assert [each.chunk.next_speech_start for each in chunks] == [30.0, 60.0, 90.0, 100]
    assert {each.chunk.total for each in chunks} == {4}
    assert [line for each in chunks for line in each.segments] == list(lines)


async def test_a_file_alone_is_planned_without_any_media(stage, store, job, work, spec_of):
    spec = await spec_of(to_srt(CUES).encode(), 9.5, name="talk.srt", kind=JobKind.SUBTITLE_TRANSLATE)
    (planned,) = await stage.handle(reserved(job, spec), work)
    plan = await store.read_document(planned.plan, ChunkPlan)
    (chunk,) = plan.chunks
    assert (plan.duration_seconds, chunk.audio) == (9.5, None)
    transcript = await store.read_document(chunk.transcript, Transcript)
    assert [line.id for line in transcript.segments] == ["cue-1-2", "cue-4"]
    assert (transcript.language, transcript.chunk) == ("en", chunk.chunk)
    assert set(planned.made) == {planned.plan.key, chunk.transcript.key}
    writes = list(store.writes)
    assert await stage.handle(reserved(job, spec), work) == [planned]
    assert store.writes == writes


async def test_a_file_given_with_a_video_takes_the_place_of_what_would_be_heard(
    stage, store, job, work, spec_of, film, talk
):
    given = await store.write("users/x/uploads/s", to_srt(CUES).encode(), "application/x-subrip")
    bare = await spec_of(film(talk.sound), len(talk.sound) / RATE)
    (planned,) = await stage.handle(reserved(job, bare.model_copy(update={"subtitles": given})), work)
    plan = await store.read_document(planned.plan, ChunkPlan)
    assert abs(plan.duration_seconds - len(talk.sound) / RATE) < 0.1
    assert plan.frame_rate == 25.0
    lines = [
        line
        for chunk in plan.chunks
        for line in (await store.read_document(chunk.transcript, Transcript)).segments
    ]
    assert [(line.start, line.text) for line in lines] == [
        (1.0, "We went to the market and bought some bread."),
        (8.0, "It was good."),
    ]
    (work.scratch / "sound.pcm").unlink()
    (heard,) = await stage.handle(reserved(job, bare), work)
    assert heard.plan != planned.plan, "with and without it are two plans"


@pytest.mark.parametrize(
    "data", [b"no subtitles at all", to_srt([cue(90, 92, "Behind the end.")]).encode(), b"\x00" * 100]
)
async def test_a_file_of_no_use_fails_its_job_in_words(data, stage, job, work, spec_of):
    spec = await spec_of(data, 9.5, name="talk.srt", kind=JobKind.SUBTITLE_TRANSLATE)
    with pytest.raises(UnusableSubtitlesError):
        await stage.handle(reserved(job, spec), work)
