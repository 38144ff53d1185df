"""The accounts of the measurement: named so that both sides can make an account's id from its number."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from octavia_billing.domain.prices import load_prices
from octavia_common.events import (
    ArtifactRef,
    CloudEvent,
    GrantRequested,
    GrantSource,
    JobAssembled,
    JobKind,
    JobRef,
    JobSpec,
    JobSubmitted,
    Output,
    Quote,
    hold_id_of,
)

PRICE = 10
"""Credits of one job: what the bundled prices ask for a video under five minutes."""

PRICES = load_prices()

_GIVEN = 1_000_000_000
_ARTIFACT = ArtifactRef(
    key=f"users/{uuid4()}/artifacts/upload/{'0' * 64}", sha256="0" * 64, size_bytes=1, media_type="video/mp4"
)
_SPEC = JobSpec(
    kind=JobKind.VIDEO_TRANSLATE,
    source=_ARTIFACT,
    source_filename="talk.mp4",
    duration_seconds=100,
    source_language="en",
    target_languages=("es",),
)
_OUTPUTS = (Output(target_language="es", media=_ARTIFACT, result=_ARTIFACT),)

ACCOUNT_SQL = "('00000000-0000-4000-8000-' || lpad({number}::text, 12, '0'))::uuid"


def account(number: int) -> UUID:
    """The user id of an account, counted from 1; `ACCOUNT_SQL` is the same in SQL."""
    return UUID(f"00000000-0000-4000-8000-{number:012}")


def grants(numbers: Sequence[int]) -> list[CloudEvent[GrantRequested]]:
    """Events that open these accounts with more than will be spent."""
    return [
        CloudEvent.wrap(
            GrantRequested(
                user_id=account(number),
                grant_id=uuid4(),
                amount=_GIVEN,
                source=GrantSource.PURCHASE,
                reason="Bought",
                requested_by=account(0),
            ),
            service="benchmark",
        )
        for number in numbers
    ]


def pair(user: UUID) -> tuple[CloudEvent[JobSubmitted], CloudEvent[JobAssembled]]:
    """The beginning and the end of a job of `user`, as billing reads them off Kafka."""
    job_id = uuid4()
    job = JobRef(
        job_id=job_id,
        user_id=user,
        hold_id=hold_id_of(job_id, 1),
        deadline_at=datetime.now(UTC) + timedelta(hours=1),
    )
    quote = Quote(credits=PRICE, price_version=PRICES.version)
    return (
        CloudEvent.wrap(JobSubmitted(job=job, spec=_SPEC, quote=quote), service="benchmark"),
        CloudEvent.wrap(JobAssembled(job=job, outputs=_OUTPUTS), service="benchmark"),
    )
