"""Whether the previews that a quote counts may be counted, and what of a full job's hold is spent. Pure."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from uuid import UUID

from octavia_common.events import JobError, RequestedJob

from octavia_billing.domain.prices import invalid_quote

Key = tuple[UUID, str]
"""The hold of a preview's run, and one of its languages."""


@dataclass(frozen=True)
class Preview:
    """One language of a preview: what is paid for it, of which file, and by which hold it is counted."""

    hold_id: UUID
    language: str
    user_id: UUID
    kind: str
    source: str
    credits: int
    paid: bool = False
    counted_by: UUID | None = None

    @property
    def key(self) -> Key:
        return (self.hold_id, self.language)


def keys_of(asked: RequestedJob) -> list[Key]:
    """The previews that a job's quote counts."""
    return [(each.hold_id, each.language) for each in asked.quote.previews]


def check_counted(
    asked: RequestedJob, known: Mapping[Key, Preview], taken: Collection[Key]
) -> JobError | None:
    """Why a quote may not count the previews that it names, or None where it may.

    `known` are locked; `taken` are those that a job before it in the same batch counts.
    """
    spec, languages = asked.spec, [language for _, language in keys_of(asked)]
    if not languages:
        return None
    if spec.preview_seconds is not None:
        return invalid_quote("a preview counts no other")
    if len(set(languages)) != len(languages) or not set(languages) <= set(spec.target_languages):
        return invalid_quote("it counts a preview of a language that is not asked for, or two of one")
    wanted = (asked.job.user_id, spec.kind.value, spec.source.sha256)
    for counted in asked.quote.previews:
        found = known.get((counted.hold_id, counted.language))
        if found is None or not found.paid or found.credits != counted.credits:
            return invalid_quote("it counts a preview that was not paid so")
        if (found.user_id, found.kind, found.source) != wanted:
            return invalid_quote("it counts a preview of something else")
        if found.key in taken or found.counted_by not in (None, asked.job.hold_id):
            return invalid_quote("the preview that it counts has been counted already")
    return None


def previews_of(asked: RequestedJob) -> Iterator[Preview]:
    """What is noted of a preview when its credits are held: each language has the same share."""
    spec = asked.spec
    if spec.preview_seconds is None:
        return
    for language in spec.target_languages:
        yield Preview(
            hold_id=asked.job.hold_id,
            language=language,
            user_id=asked.job.user_id,
            kind=spec.kind.value,
            source=spec.source.sha256,
            credits=asked.quote.credits // len(spec.target_languages),
        )


def spent(held: int, asked: int, delivered: Collection[str], counted: Collection[Preview]) -> int:
    """Credits to be captured of a hold of which only some of the `asked` languages were delivered.

    `counted` are the previews that it counts: the price of a language is its equal share of what was held
    and counted together, less what its own preview has paid.
    """
    price = held + sum(preview.credits for preview in counted)
    paid = sum(preview.credits for preview in counted if preview.language in delivered)
    return max(0, min(held, price * len(delivered) // max(1, asked) - paid))
