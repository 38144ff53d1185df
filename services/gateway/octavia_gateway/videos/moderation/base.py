"""What a moderator is: an engine (threads, retry and metrics are the base's) that answers for each prompt."""

from dataclasses import dataclass
from typing import ClassVar

from octavia_common.engines import Engine

Prompts = tuple[str, ...]


@dataclass(frozen=True)
class Refusal:
    """Why a prompt is not let through, in words for whoever wrote it."""

    category: str
    en: str
    vi: str


Verdicts = tuple[Refusal | None, ...]


class Moderator(Engine[Prompts, Verdicts]):
    """Answers for each prompt, in their order: a refusal, or None. `batch` prompts at most go in one request.

    `work` raises TransientError where another try may help, and ModerationUnavailableError where none will.
    """

    kind = "moderator"
    attempts = 2
    batch: ClassVar[int] = 50
