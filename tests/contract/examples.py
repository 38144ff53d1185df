"""One example of every event, from which the golden payloads are made.

`python tests/contract/examples.py` writes a golden file for each published version that has none
yet. A golden file is never changed: it is what consumers may still find on a topic.
"""

from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from octavia_common import events as e
from octavia_common.events.base import ArtifactRef, ChunkRef, JobError, JobKind, JobRef, JobSpec
from octavia_common.events.envelope import CloudEvent, EventData
from octavia_common.pricing import KindPrice, PriceList, PriceTier

GOLDEN = Path(__file__).parent / "golden"

_NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
_USER = UUID("00000000-0000-4000-8000-000000000001")
_JOB = JobRef(
    job_id=UUID("00000000-0000-4000-8000-000000000002"),
    user_id=_USER,
    hold_id=e.hold_id_of(UUID("00000000-0000-4000-8000-000000000002"), 1),
    deadline_at=_NOW,
)
_REF = ArtifactRef(key="users/u/artifacts/x/y", sha256="ab" * 32, size_bytes=7, media_type="application/json")
_SPEC = JobSpec(
    kind=JobKind.VIDEO_TRANSLATE,
    source=_REF,
    source_filename="talk.mp4",
    duration_seconds=42.5,
    source_language="en",
    target_languages=("es", "fr"),
)
_CHUNK = ChunkRef(index=1, total=3, start=30.0, end=60.0, next_speech_start=60.5)
_VIDEO = e.VideoSpec(
    prompt="A kite, watercolour",
    avoid="text",
    aspect_ratio=e.AspectRatio.SQUARE,
    duration_seconds=5,
    model="m",
    image=_REF,
)
_ERROR = JobError(code="no_audio", message="This video has no sound.", stage="transcriber")
_IN_CHUNK = {"job": _JOB, "chunk": _CHUNK, "source_language": "en", "target_language": "es"}

EXAMPLES: tuple[EventData, ...] = (
    e.UserRegistered(user_id=_USER),
    e.GrantRequested(
        user_id=_USER,
        grant_id=UUID(int=3),
        amount=50,
        source=e.GrantSource.PROMOTION,
        reason="thanks",
        requested_by=UUID(int=4),
    ),
    e.LedgerPosted(
        user_id=_USER,
        entry_id=UUID(int=5),
        seq=2,
        kind=e.EntryKind.RESERVE,
        amount=-10,
        credits=10,
        balance_after=90,
        held_after=10,
        reason="talk.mp4",
        job_id=_JOB.job_id,
        posted_at=_NOW,
    ),
    e.PricesPublished(
        prices=PriceList(
            version="v1",
            kinds={"video_translate": KindPrice(tiers=(PriceTier(limit_seconds=None, credits=10),))},
        )
    ),
    e.JobSubmitted(job=_JOB, spec=_SPEC, quote=e.Quote(credits=20, price_version="v1")),
    e.JobsSubmitted(
        user_id=_USER,
        batch_id=UUID(int=7),
        jobs=(e.RequestedJob(job=_JOB, spec=_SPEC, quote=e.Quote(credits=20, price_version="v1")),),
    ),
    e.JobAssembled(job=_JOB, outputs=(e.Output(target_language="es", media=_REF, result=_REF),)),
    e.JobFailed(job=_JOB, error=_ERROR),
    e.JobCancelled(job=_JOB),
    e.CreditsReserved(job=_JOB, spec=_SPEC, amount=20),
    e.CreditsRejected(job=_JOB, required=20, available=5, error=_ERROR),
    e.CreditsCaptured(job=_JOB, amount=20),
    e.CreditsReleased(job=_JOB, amount=20, reason=e.ReleaseReason.FAILED, error=_ERROR),
    e.MediaPlanned(job=_JOB, spec=_SPEC, plan=_REF, chunks=3, made=("a", "b")),
    e.ChunkReleased(job=_JOB, chunk=_CHUNK, audio=_REF, source_language="en", target_languages=("es", "fr")),
    e.ChunkTranscribed.model_validate({**_IN_CHUNK, "transcript": _REF, "made": ("a",)}),
    e.ChunkTranslated.model_validate({**_IN_CHUNK, "translation": _REF}),
    e.ChunkSpoken.model_validate(
        {**_IN_CHUNK, "translation": _REF, "speech": _REF, "retakes": {"0001-01": 1}}
    ),
    e.ChunkSynthesized.model_validate({**_IN_CHUNK, "speech": _REF}),
    e.ChunkWritten.model_validate({**_IN_CHUNK, "translation": _REF, "written": True}),
    e.AssemblyRequested(job=_JOB, spec=_SPEC, target_language="es", plan=_REF, speech=(_REF, _REF)),
    e.ChunkHeld(job=_JOB, chunk=_CHUNK, source_language="en", transcript=_REF, made=("a",)),
    e.LanguageFailed(job=_JOB, target_language="fr", error=_ERROR),
    e.LanguageAssembled(job=_JOB, target_language="es", media=_REF, result=_REF, made=("a",)),
    e.ExportRequested(
        job=_JOB,
        spec=_SPEC,
        kind=e.ExportKind.BURNT,
        container="mp4",
        results=(_REF,),
        subtitles=e.ExportSubtitles(content="bilingual", position="auto"),
    ),
    e.ExportMade(job=_JOB, media=_REF, notes=("It is here.",), made=("a",)),
    e.ExportFailed(job=_JOB, error=_ERROR),
    e.VideosSubmitted(
        user_id=_USER,
        batch_id=UUID(int=6),
        price_version="v1",
        videos=(e.RequestedVideo(job=_JOB, spec=_VIDEO, credits=100),),
    ),
    e.VideoReserved(job=_JOB, spec=_VIDEO, amount=100),
    e.VideoProgressed(job=_JOB, state=e.VideoState.PROCESSING, percent=50),
    e.VideoGenerated(
        job=_JOB,
        video=_REF,
        poster=_REF,
        provider="local",
        model="m",
        duration_seconds=5.0,
        width=1280,
        height=720,
    ),
    e.VideoExpired(job=_JOB),
    e.VideoCallbackReceived(hold_id=_JOB.hold_id, task_id="t1", state="success"),
    e.VideoModelsPublished(
        version="v1",
        provider="local",
        models=(
            e.VideoModel(
                id="m",
                title="M",
                tasks=(e.VideoTask.TEXT_TO_VIDEO,),
                durations_seconds=(5, 10),
                aspect_ratios=(e.AspectRatio.LANDSCAPE,),
            ),
        ),
        retired=("old",),
    ),
    e.EnginePublished(
        kind="synthesizer",
        engine="espeak-ng",
        version="1.51",
        languages=("es",),
        voices=(e.Voice(id="es+f2", title="Spanish", language="es"),),
        honours=("voices",),
    ),
)


def write_missing() -> None:
    """Write the golden file of every example that has none."""
    for example in EXAMPLES:
        path = GOLDEN / f"{example.TYPE}.json"
        if not path.exists():
            wrapped = CloudEvent[type(example)].wrap(example, service="example", time=_NOW)  # type: ignore[misc]
            path.write_text(wrapped.model_dump_json(indent=2) + "\n")


if __name__ == "__main__":
    write_missing()
