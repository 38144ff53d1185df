"""Tells what Whisper heard from what it made up.

The limits are those of OpenAI's own `transcribe`. faster-whisper keeps them only when it works window by
window; its batched pipeline takes them as arguments and does not look at them (1.2.1), so they stand here.
"""

from dataclasses import dataclass
from enum import Enum


class Verdict(Enum):
    """What to do with a text."""

    KEEP = "keep"
    AGAIN = "again"
    """Decode the window once more, by itself and with rising temperature."""
    DROP = "drop"
    """It is silence, or a loop."""


@dataclass(frozen=True)
class Figures:
    """What Whisper says of a text: mean log probability of its tokens, probability that nobody speaks, and
    how many times smaller it becomes when compressed."""

    log_probability: float
    no_speech: float
    compression: float


@dataclass(frozen=True)
class Guards:
    """Limits on the figures."""

    least_log_probability: float = -1.0
    most_no_speech: float = 0.6
    most_compression: float = 2.4
    """Text that repeats itself compresses better than any speech."""
    silence_seconds: float = 2.0
    """In a second try, silence of this length around an odd text makes it a hallucination."""

    def first(self, heard: Figures) -> Verdict:
        """Of a window in a batch."""
        if self._silent(heard):
            return Verdict.DROP
        doubtful = (
            heard.compression > self.most_compression or heard.log_probability < self.least_log_probability
        )
        return Verdict.AGAIN if doubtful else Verdict.KEEP

    def last(self, heard: Figures) -> Verdict:
        """Of what came out of the second try: improbable text may be right, a loop never is."""
        drop = self._silent(heard) or heard.compression > self.most_compression
        return Verdict.DROP if drop else Verdict.KEEP

    def _silent(self, heard: Figures) -> bool:
        return heard.no_speech > self.most_no_speech and heard.log_probability < self.least_log_probability
