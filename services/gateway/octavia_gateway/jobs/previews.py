"""Which paid previews count against a full job. Billing decides; this says the same where it can."""

from collections.abc import Collection, Sequence
from uuid import UUID

from octavia_common.events import CountedPreview, JobSpec

from octavia_gateway.jobs.models import Job

PREVIEW_SECONDS = 60.0
"""How much of a source a preview has, from its start."""


PreviewKey = tuple[UUID, str]
"""The hold of a preview's run, and one of its languages."""


def countable(
    spec: JobSpec, others: Sequence[Job], taken: Collection[PreviewKey] = ()
) -> tuple[CountedPreview, ...]:
    """One preview a language of `spec` that was paid and that no other job counts.

    `others` are the user's jobs of the same kind on the same file; `taken` is what jobs count that are made
    or submitted together with this one, which `others` cannot tell yet.
    """
    if spec.preview_seconds is not None:
        return ()
    used = {key for job in others for key in keys_of(_counting(job))} | set(taken)
    found: dict[str, CountedPreview] = {}
    for job in sorted(others, key=lambda job: job.created_at):
        for preview in _paid(job):
            if preview.language in spec.target_languages and (preview.hold_id, preview.language) not in used:
                found.setdefault(preview.language, preview)
    return tuple(found[language] for language in spec.target_languages if language in found)


def keys_of(counted: Sequence[CountedPreview]) -> list[PreviewKey]:
    """Which previews these are."""
    return [(each.hold_id, each.language) for each in counted]


def _counting(job: Job) -> list[CountedPreview]:
    """What a job counts for as long as it is at work, and for good where the language was delivered."""
    if job.status.at_work:
        return list(job.counted)
    return [each for each in job.counted if each.language in job.outputs]


def _paid(job: Job) -> list[CountedPreview]:
    """What was paid for each language of a preview; each has the same share of its price."""
    if job.spec.preview_seconds is None or job.hold_id is None or not job.status.delivered:
        return []
    share = job.quote_credits // len(job.run.languages)
    return [
        CountedPreview(hold_id=job.hold_id, language=language, credits=share)
        for language in job.run.languages
        if language in job.outputs
    ]
