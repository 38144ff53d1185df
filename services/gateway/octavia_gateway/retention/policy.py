"""How long things are kept."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True)
class Policy:
    """Ages by kind; None is for ever."""

    results: timedelta | None
    uploads: timedelta | None
    unlisted: timedelta
