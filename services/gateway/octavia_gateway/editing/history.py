"""The lines at a revision: what the pipeline made, and everything that was changed since. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from octavia_common.events import ArtifactRef

from octavia_gateway.editing.changes import AnyChange, applied
from octavia_gateway.editing.lines import Lines


@dataclass(frozen=True)
class Revision:
    """What one revision changed of the one before it; or, where `back_to` is set, which it went back to.

    `texts` are what the translator made of the lines that it was to say anew, by their ids: None until it has
    answered, read from `translation` then, and empty where it could not.
    """

    number: int
    changes: tuple[AnyChange, ...] = ()
    back_to: int | None = None
    created_at: datetime | None = None
    translation: ArtifactRef | None = None
    texts: Mapping[str, str] | None = None
    reviewed: str | None = None
    """What it was made in a review of, if in one: the transcript, or the translation."""


def at_revision(
    base: Lines, revisions: Sequence[Revision], wanted: int, *, duration: float, first: int = 0
) -> Lines:
    """The lines at revision `wanted` (0: as they were made); `revisions` are all, from 1 on.

    `base` is revision `first`: those before it were of something else, and are not `wanted` here.
    """
    states = [base] * (first + 1)
    for revision in revisions[first:wanted]:
        if revision.back_to is not None:
            states.append(states[revision.back_to])
        else:
            made = applied(
                states[-1],
                revision.changes,
                revision=revision.number,
                duration=duration,
                texts=revision.texts,
            )
            states.append(made)
    return states[wanted]
