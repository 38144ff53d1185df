"""Speaks one line so that it fits: asks the engine again rather than stretch what it said."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from octavia_common.cancellation import CancelToken

from octavia_synthesizer.engine import OwnVoice, Samples, Sounding, SpeechRequest, SynthesisEngine
from octavia_synthesizer.fitting import SAMPLE_RATE, Slot, fit
from octavia_synthesizer.sound import Take, at_48k, trimmed
from octavia_synthesizer.stretch import stretched

MAX_RETAKES = 2
"""Calls to the engine after the first, natural one. An engine's rate is not exact: the second
corrects by what the first came out as."""


class LineSpeaker:
    """Fits lines into slots with one engine."""

    def __init__(self, engine: SynthesisEngine) -> None:
        self._engine = engine

    async def speak(
        self,
        text: str,
        *,
        language: str,
        voice: str,
        slot: Slot,
        cancel: CancelToken,
        own: OwnVoice | None = None,
        soundings: Sequence[Sounding] = (),
    ) -> Take | None:
        """The line, never longer than the slot; None where no sound came out.

        Raises LineUnspeakableError where the engine cannot speak this line.
        """
        request = SpeechRequest(
            text,
            language,
            voice,
            source_seconds=slot.source / SAMPLE_RATE,
            own=own,
            soundings=tuple(soundings),
        )
        samples = await self._say(request, cancel)
        natural = len(samples)
        if not natural:
            return None
        aim = fit(natural, slot)
        slowest, fastest = self._engine.rates
        best = samples
        for _ in range(MAX_RETAKES):
            rate = min(max(request.rate * len(samples) / aim.middle, slowest), fastest)
            if aim.accepts(len(samples)) or rate == request.rate:
                break
            request = replace(request, rate=rate)
            samples = await self._say(request, cancel)
            if not len(samples):
                break
            best = min(best, samples, key=lambda take: abs(len(take) - aim.target))
        if not aim.accepts(len(best)):
            best = await stretched(best, aim.target, cancel)
        return Take(best, natural)

    async def _say(self, request: SpeechRequest, cancel: CancelToken) -> Samples:
        sound = await self._engine.run(request, cancel)
        return await asyncio.to_thread(lambda: trimmed(at_48k(sound)))
