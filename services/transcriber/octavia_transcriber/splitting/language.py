"""Which language is spoken: decided once a job, over the speech of several chunks.

The first breath of a video is an anthem, a greeting or a quotation often enough; an average over chunks from
its beginning to its end, weighted by how much is said in each, is what its speakers speak.
"""

import asyncio
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from octavia_common.artifacts.keys import artifact_key
from octavia_common.artifacts.store import ArtifactStore
from octavia_common.cancellation import CancelToken
from octavia_common.documents import ChunkPlan, PlannedChunk
from octavia_common.errors import PermanentError
from octavia_common.events import AUTO, ArtifactRef, DetectedLanguage, JobRef, JobSpec

from octavia_transcriber.engines.base import primary_subtag
from octavia_transcriber.engines.detection import MOST_SECONDS, DetectionRequest, LanguageDetector
from octavia_transcriber.planning.features import SAMPLE_RATE
from octavia_transcriber.wav import from_wav

STRETCHES = 6
"""Chunks that are listened to, spread evenly over the source: three minutes of speech at most."""

UNDETERMINED = "und"
"""The language (BCP 47) of a source in which nobody speaks."""

RULES = "1"
"""Version of these rules, part of the key of a decision: change it when they change."""


class LanguageNotDetectedError(PermanentError):
    """Nothing here can tell the language, or what can is not sure enough."""

    code = "language_not_detected"


class AlreadySpokenError(PermanentError):
    """The source is spoken in a language that it was to be dubbed into."""

    code = "already_in_target_language"


@dataclass(frozen=True)
class Decision:
    """The language of a job's source, and the artifact that holds it."""

    detected: DetectedLanguage
    ref: ArtifactRef


class LanguageFinder:
    """Decides the language of jobs that leave it open. `least`: how sure it has to be."""

    def __init__(self, store: ArtifactStore, detector: LanguageDetector | None, least: float) -> None:
        self._store = store
        self._detector = detector
        self._least = least

    def require(self, spec: JobSpec) -> None:
        """Raise LanguageNotDetectedError, before any work, where a job asks for what cannot be had here."""
        if spec.source_language == AUTO and self._detector is None:
            raise LanguageNotDetectedError(
                "The recogniser here cannot tell which language is spoken: choose the source language."
            )

    async def find(
        self, job: JobRef, spec: JobSpec, plan: ChunkPlan, plan_ref: ArtifactRef, cancel: CancelToken
    ) -> Decision:
        """The same answer for the same plan. Raises LanguageNotDetectedError, AlreadySpokenError."""
        self.require(spec)
        assert self._detector is not None
        variant = await asyncio.to_thread(self._detector.variant, spec.model_size)
        key = artifact_key(
            job.user_id,
            "language",
            inputs=[plan_ref.sha256],
            engine=self._detector.name,
            version=self._detector.version,
            params={"rules": RULES, **variant},
        )
        ref = await self._store.stat(key)
        if ref is None:
            detected = await self._listen(self._detector, spec, plan, cancel)
            ref = await self._store.write_document(key, detected)
        detected = await self._store.read_document(ref, DetectedLanguage)
        self._check(detected, spec)
        return Decision(detected, ref)

    async def _listen(
        self, detector: LanguageDetector, spec: JobSpec, plan: ChunkPlan, cancel: CancelToken
    ) -> DetectedLanguage:
        chosen = spread(plan.chunks, STRETCHES)
        stretches = await asyncio.gather(*(self._speech(chunk) for chunk in chosen))
        found = await detector.run(DetectionRequest(tuple(stretches), spec.model_size), cancel)
        return decide(found, [len(stretch) / SAMPLE_RATE for stretch in stretches])

    async def _speech(self, chunk: PlannedChunk) -> NDArray[np.int16]:
        assert chunk.audio is not None, "only what has sound is asked for"
        return speech_of(chunk, from_wav(await self._store.read(chunk.audio)))

    def _check(self, detected: DetectedLanguage, spec: JobSpec) -> None:
        if detected.probability < self._least:
            raise LanguageNotDetectedError(
                f"It cannot be told which language is spoken (perhaps '{detected.language}', which is "
                f"{detected.probability:.0%} likely): choose the source language.",
                language=detected.language,
                probability=detected.probability,
            )
        already = {primary_subtag(target) for target in spec.target_languages}
        if detected.language in already and not spec.kind.written:
            raise AlreadySpokenError(
                f"The source is spoken in '{detected.language}' already: choose other target languages.",
                language=detected.language,
            )


def spread(chunks: Sequence[PlannedChunk], count: int) -> list[PlannedChunk]:
    """So many chunks, or all there are: from each equal part of the row the one with most speech."""
    count = min(count, len(chunks))
    edges = [round(n * len(chunks) / count) for n in range(count + 1)] if count else []
    return [max(chunks[first:last], key=_speech_seconds) for first, last in itertools.pairwise(edges)]


def speech_of(chunk: PlannedChunk, samples: NDArray[np.int16]) -> NDArray[np.int16]:
    """The speech in a chunk's sound without its pauses, as much of it as is listened to."""
    spans = [
        samples[
            round((region.start - chunk.chunk.start) * SAMPLE_RATE) : round(
                (region.end - chunk.chunk.start) * SAMPLE_RATE
            )
        ]
        for region in chunk.regions
    ]
    return np.concatenate(spans)[: round(MOST_SECONDS * SAMPLE_RATE)]


def decide(found: Sequence[Mapping[str, float]], seconds: Sequence[float]) -> DetectedLanguage:
    """The language with the highest mean likelihood, stretches weighted by their seconds of speech."""
    total = sum(seconds)
    means: dict[str, float] = {}
    for likelihoods, weight in zip(found, seconds, strict=True):
        for language, likelihood in likelihoods.items():
            means[language] = means.get(language, 0.0) + likelihood * weight / total
    # Of two that are equal the first by name, so that the answer does not depend on their order.
    language = min(means, key=lambda each: (-means[each], each))
    return DetectedLanguage(language=language, probability=round(min(1.0, means[language]), 4))


def _speech_seconds(chunk: PlannedChunk) -> float:
    return sum(region.end - region.start for region in chunk.regions)
