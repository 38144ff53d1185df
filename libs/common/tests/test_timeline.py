"""A job as a time line, from its events alone."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from octavia_common.commands.job import BAR, lines_of
from octavia_common.events import (
    ArtifactRef,
    ChunkRef,
    ChunkReleased,
    ChunkSpoken,
    ChunkSynthesized,
    ChunkTranscribed,
    ChunkTranslated,
    CloudEvent,
    CreditsCaptured,
    EventData,
    JobKind,
    JobRef,
    JobSpec,
    JobSubmitted,
    Quote,
    hold_id_of,
)
from octavia_common.messaging.headers import Made
from octavia_common.timeline import Told, timeline_of

START = 1_800_000_000.0
REF = ArtifactRef(key="k", sha256="0" * 64, size_bytes=0, media_type="audio/wav")


def told(data: EventData, at: float, *, began: float | None = None, worker: str = "pod-a:1") -> Told:
    """An event of `at` seconds into the run, made since `began`."""
    event = CloudEvent.wrap(data, service="test", time=datetime.fromtimestamp(START + at, UTC))
    return Told(event, Made(worker, START + began) if began is not None else None)


class Run:
    """Makes the events of one run."""

    def __init__(self, job_id: UUID, attempt: int = 1) -> None:
        self.job = JobRef(
            job_id=job_id,
            user_id=uuid4(),
            hold_id=hold_id_of(job_id, attempt),
            deadline_at=datetime.now(UTC),
        )

    def submitted(self) -> JobSubmitted:
        spec = JobSpec(
            kind=JobKind.VIDEO_TRANSLATE,
            source=REF,
            source_language="en",
            target_languages=("es",),
            duration_seconds=60,
            source_filename="talk.mp4",
        )
        return JobSubmitted(job=self.job, spec=spec, quote=Quote(credits=10, price_version="1"))

    def chunk(self, index: int) -> ChunkRef:
        return ChunkRef(index=index, total=2, start=0, end=1, next_speech_start=1)

    def released(self, index: int) -> ChunkReleased:
        return ChunkReleased(
            job=self.job, chunk=self.chunk(index), audio=REF, source_language="en", target_languages=("es",)
        )

    def transcribed(self, index: int) -> ChunkTranscribed:
        return ChunkTranscribed(
            job=self.job, chunk=self.chunk(index), source_language="en", target_language="es", transcript=REF
        )

    def translated(self, index: int) -> ChunkTranslated:
        return ChunkTranslated(
            job=self.job, chunk=self.chunk(index), source_language="en", target_language="es", translation=REF
        )

    def spoken(self, index: int, retakes: dict[str, int] | None = None) -> ChunkSpoken:
        return ChunkSpoken(
            job=self.job,
            chunk=self.chunk(index),
            source_language="en",
            target_language="es",
            translation=REF,
            speech=REF,
            retakes=retakes or {},
        )

    def synthesized(self, index: int) -> ChunkSynthesized:
        return ChunkSynthesized(
            job=self.job, chunk=self.chunk(index), source_language="en", target_language="es", speech=REF
        )


def events_of(run: Run) -> list[Told]:
    """One chunk that came through, and one that is still being recognised."""
    return [
        told(run.submitted(), 0.0),
        told(run.released(0), 1.0, began=0.5),
        told(run.released(1), 1.0, began=0.5),
        told(run.transcribed(0), 4.0, began=2.0),
        told(run.translated(0), 5.5, began=5.0, worker="pod-b:7"),
        told(run.synthesized(0), 9.0, began=6.0, worker="pod-c:9"),
    ]


def test_each_chunk_goes_through_its_stages() -> None:
    run = Run(uuid4())
    steps = timeline_of(events_of(run)).steps
    assert [(step.stage, step.chunk) for step in steps] == [
        ("recognised", 0), ("translated", 0), ("spoken", 0), ("recognised", 1)
    ]  # fmt: skip
    translated = steps[1]
    assert (translated.ready, translated.began, translated.ended) == (START + 4, START + 5, START + 5.5)
    assert translated.worker == "pod-b:7"
    assert steps[3].ended is None


def test_a_chunk_that_was_checked_shows_its_check_and_each_stage_once() -> None:
    run = Run(uuid4())
    *before, synthesized = events_of(run)
    spoken = [run.spoken(0), run.spoken(0, retakes={"0000-01": 1})]
    again = run.translated(0).model_copy(update={"retakes": {"0000-01": 1}, "spoken": REF})
    told_of = [*before, told(spoken[0], 6.0), told(again, 7.0), told(spoken[1], 8.0), synthesized]
    steps = timeline_of(told_of).steps
    assert [(step.stage, step.ended) for step in steps if step.chunk == 0] == [
        ("recognised", START + 4),
        ("translated", START + 5.5),
        ("spoken", START + 6),
        ("checked", START + 9),
    ]


def test_what_comes_again_counts_once_and_the_newest_run_is_shown() -> None:
    job_id = uuid4()
    first, second = Run(job_id), Run(job_id, attempt=2)
    again = told(first.transcribed(0), 7.0, began=6.5)
    assert timeline_of([*events_of(first), again]).steps == timeline_of(events_of(first)).steps
    timeline = timeline_of([*events_of(first), told(second.submitted(), 20.0)])
    assert (timeline.hold_id, timeline.steps) == (second.job.hold_id, ())


def test_a_job_without_a_run_is_told() -> None:
    with pytest.raises(ValueError, match="nothing is kept"):
        timeline_of([])


def test_the_bars_lie_where_the_work_was() -> None:
    run = Run(uuid4())
    over = told(CreditsCaptured(job=run.job, amount=10), 12.0)
    lines = list(lines_of(timeline_of([*events_of(run), over]), now=START + 99))
    assert "over after 12.0 s" in lines[0]
    (spoken,) = [line for line in lines if " spoken " in line]
    bar = spoken.split("|")[1]
    assert len(bar) == BAR
    # Ready at 5.5 s of 12, worked on from 6 to 9.
    assert bar == " " * 22 + "·" * 2 + "█" * 12 + " " * 12
    assert spoken.endswith("0.50s    3.00s  pod-c:9")
    (waiting,) = [line for line in lines if "not yet" in line]
    assert "chunk 1" in waiting
