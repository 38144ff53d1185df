"""How long things are kept."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True)
class Policy:
    """Ages by kind; None is for ever. `undo` is how long a deleted video can be restored."""

    results: timedelta | None
    uploads: timedelta | None
    unlisted: timedelta
    videos: timedelta | None = None
    undo: timedelta = timedelta(days=7)
