"""Finding an order in a server's list of videos. Pure.

What is listed is believed to be ours only where it says all that was ordered: the words of the prompt first
of all, for two orders of the same size and length are common. A server that does not tell its prompts back
cannot be searched.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from octavia_videogen.providers.base import Sent

BEFORE_SECONDS, AFTER_SECONDS = 60.0, 180.0
"""How far a server's clock, and the time it takes to begin, may lie from when the order was sent."""

_COMPARED = ("seconds", "size")


def matching(videos: Iterable[Any], sent: Sent, ordered_at: datetime) -> list[str]:
    """Ids of those of a list's objects that are what was sent at about that time, the oldest first."""
    found = [video for video in videos if isinstance(video, dict) and _is_it(video, sent, ordered_at)]
    return [video["id"] for video in sorted(found, key=lambda video: float(video["created_at"]))]


def is_past(videos: Iterable[Any], ordered_at: datetime) -> bool:
    """Whether a page, newest first, reaches back to before the order."""
    times = [_created(video) for video in videos if isinstance(video, dict)]
    known = [time for time in times if time is not None]
    return bool(known) and min(known) < ordered_at.timestamp() - BEFORE_SECONDS


def _is_it(video: Mapping[str, Any], sent: Sent, ordered_at: datetime) -> bool:
    created, prompt = _created(video), sent.fields.get("prompt")
    if created is None or not prompt or not isinstance(video.get("id"), str):
        return False
    if not -BEFORE_SECONDS <= created - ordered_at.timestamp() <= AFTER_SECONDS:
        return False
    if video.get("prompt") != prompt or video.get("model") != sent.model:
        return False
    both = [name for name in _COMPARED if video.get(name) is not None and name in sent.fields]
    return all(str(video[name]) == str(sent.fields[name]) for name in both)


def _created(video: Mapping[str, Any]) -> float | None:
    created = video.get("created_at")
    return float(created) if isinstance(created, int | float) else None
