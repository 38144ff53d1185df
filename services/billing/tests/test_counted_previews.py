"""The rules of counting previews, without a database."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st
from octavia_billing.domain.previews import Preview, check_counted, previews_of, spent
from octavia_common.events import (
    ArtifactRef,
    CountedPreview,
    JobKind,
    JobRef,
    JobSpec,
    Quote,
    RequestedJob,
)

USER = uuid4()
SOURCE = ArtifactRef(key="k", sha256="0" * 64, size_bytes=1, media_type="video/mp4")


def asked(*counted: CountedPreview, preview: float | None = None) -> RequestedJob:
    job = JobRef(job_id=uuid4(), user_id=USER, hold_id=uuid4(), deadline_at=datetime.now(UTC))
    spec = JobSpec(
        kind=JobKind.VIDEO_TRANSLATE,
        source=SOURCE,
        source_filename="a.mp4",
        duration_seconds=400,
        source_language="en",
        target_languages=("es", "fr"),
        preview_seconds=preview,
    )
    return RequestedJob(job=job, spec=spec, quote=Quote(credits=20, price_version="v", previews=counted))


def paid(counted_by: UUID | None = None, language: str = "es", credits_: int = 10) -> Preview:
    return Preview(
        uuid4(), language, USER, JobKind.VIDEO_TRANSLATE.value, SOURCE.sha256, credits_, True, counted_by
    )


def naming(preview: Preview) -> CountedPreview:
    return CountedPreview(hold_id=preview.hold_id, language=preview.language, credits=preview.credits)


def test_a_paid_preview_counts_unless_another_has_it() -> None:
    free = paid()
    assert check_counted(asked(naming(free)), {free.key: free}, ()) is None
    assert check_counted(asked(naming(free)), {free.key: free}, {free.key}) is not None
    taken = paid(counted_by=uuid4())
    assert check_counted(asked(naming(taken)), {taken.key: taken}, ()) is not None
    job = asked(naming(taken))
    own = Preview(**{**taken.__dict__, "counted_by": job.job.hold_id})
    assert check_counted(job, {own.key: own}, ()) is None, "a duplicate of the job that has it"
    assert check_counted(asked(naming(free)), {}, ()) is not None
    assert check_counted(asked(naming(free), naming(free)), {free.key: free}, ()) is not None
    assert check_counted(asked(naming(free), preview=60.0), {free.key: free}, ()) is not None


def test_each_language_of_a_preview_has_the_same_share() -> None:
    assert [(each.language, each.credits) for each in previews_of(asked(preview=60.0))] == [
        ("es", 10),
        ("fr", 10),
    ]
    assert list(previews_of(asked())) == []


LANGUAGES = ("es", "fr", "de", "pt")


@given(
    each=st.integers(10, 150),
    previewed=st.sets(st.sampled_from(LANGUAGES)),
    delivered=st.sets(st.sampled_from(LANGUAGES)),
)
def test_what_is_delivered_costs_its_price_less_its_own_preview(
    each: int, previewed: set[str], delivered: set[str]
) -> None:
    counted = [paid(language=language) for language in previewed]
    held = each * len(LANGUAGES) - 10 * len(counted)
    wanted = each * len(delivered) - 10 * len(previewed & delivered)
    assert spent(held, len(LANGUAGES), delivered, counted) == wanted
    assert 0 <= wanted <= held
