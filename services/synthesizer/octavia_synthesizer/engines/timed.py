"""An engine that takes a set time and says nothing, for measuring everything around engines."""

import numpy as np
from octavia_common.cancellation import CancelToken

from octavia_synthesizer.engine import Sound, SpeechRequest, SynthesisEngine
from octavia_synthesizer.fitting import SAMPLE_RATE

TONE_HZ = 220.0
AMPLITUDE = 0.1


class TimedSynthesizer(SynthesisEngine):
    """A tone as long as the speech it replaces, after `seconds`.

    It has threads enough for all lines of a chunk at once, so that a chunk takes `seconds` too.
    """

    name = "timed"
    threads = 64

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.seconds = seconds

    def voice_for(self, language: str, speaker: str) -> str:
        return speaker

    def languages(self) -> None:
        """Any language."""

    def work(self, request: SpeechRequest, cancel: CancelToken) -> Sound:
        cancel.sleep(self.seconds)
        count = max(1, int((request.source_seconds or 1.0) * SAMPLE_RATE))
        phase = 2 * np.pi * TONE_HZ / SAMPLE_RATE * np.arange(count, dtype=np.float32)
        return Sound((AMPLITUDE * np.sin(phase)).astype(np.float32), SAMPLE_RATE)
