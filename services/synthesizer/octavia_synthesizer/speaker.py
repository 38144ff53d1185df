"""Speaks one line so that it fits: asks the engine again rather than stretch what it said."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from octavia_common.cancellation import CancelToken

from octavia_synthesizer.engine import OwnVoice, Samples, Sound, SpeechRequest, SynthesisEngine
from octavia_synthesizer.fitting import SAMPLE_RATE, Slot, fit
from octavia_synthesizer.pronouncing import Reading
from octavia_synthesizer.sound import Take, at_48k, ended_at, trimmed
from octavia_synthesizer.stretch import stretched

MAX_RETAKES = 2
"""Calls to the engine after the first, natural one. An engine's rate is not exact: the second
corrects by what the first came out as."""

PAUSE_SECONDS = 0.12
"""Between the parts of a line, at the natural rate: a breath."""


class LineSpeaker:
    """Fits lines into slots with one engine."""

    def __init__(self, engine: SynthesisEngine) -> None:
        self._engine = engine

    async def speak(
        self,
        parts: Sequence[Reading],
        *,
        language: str,
        voice: str,
        slot: Slot,
        cancel: CancelToken,
        own: OwnVoice | None = None,
        seed: int = 0,
    ) -> Take | None:
        """The line, never longer than the slot; None where no sound came out.

        It is spoken in `parts`, with a short pause between them. Raises LineUnspeakableError where the engine
        cannot speak this line.
        """
        request = SpeechRequest(
            "", language, voice, source_seconds=slot.source / SAMPLE_RATE, own=own, seed=seed
        )
        samples = await self._say(request, parts, cancel)
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
            samples = await self._say(request, parts, cancel)
            if not len(samples):
                break
            best = min(best, samples, key=lambda take: abs(len(take) - aim.target))
        if not aim.accepts(len(best)):
            best = await stretched(best, aim.target, cancel)
        return Take(ended_at(best, aim.limit), natural, cut=max(len(best) - aim.limit, 0))

    async def _say(self, request: SpeechRequest, parts: Sequence[Reading], cancel: CancelToken) -> Samples:
        spoken: list[Samples] = []
        letters = max(1, sum(len(part.text) for part in parts))
        pause = np.zeros(round(PAUSE_SECONDS * SAMPLE_RATE / request.rate), dtype=np.float32)
        for part in parts:
            asked = replace(
                request,
                text=part.text,
                soundings=part.soundings,
                source_seconds=request.source_seconds * len(part.text) / letters,
            )
            samples = await self._trimmed(await self._engine.run(asked, cancel))
            if len(samples):
                spoken += [pause, samples] if spoken else [samples]
        return np.concatenate(spoken) if spoken else np.zeros(0, dtype=np.float32)

    async def _trimmed(self, sound: Sound) -> Samples:
        return await asyncio.to_thread(lambda: trimmed(at_48k(sound)))
