"""An engine that takes a set time and knows no language, for measuring everything around engines."""

from collections.abc import Mapping, Sequence
from typing import Any

from octavia_common.cancellation import CancelToken

from octavia_translator.engine import Answer, TranslationEngine, TranslationRequest


class TimedTranslator(TranslationEngine):
    """Answers each line with itself behind the target's tag, after `seconds` a chunk."""

    name = "timed"

    def __init__(self, seconds: float, *, threads: int) -> None:
        super().__init__()
        self.seconds = seconds
        self.threads = threads

    def pairs(self) -> None:
        """Any pair."""

    def params(self, source_language: str, target_language: str) -> Mapping[str, Any]:
        return {}

    def translate(self, request: TranslationRequest, cancel: CancelToken) -> Sequence[Answer]:
        cancel.sleep(self.seconds)
        cancel.raise_if_cancelled()
        target = request.target_language
        return [
            Answer(line.id, f"{target}: {line.text}", len(line.text.split()), 0) for line in request.lines
        ]
