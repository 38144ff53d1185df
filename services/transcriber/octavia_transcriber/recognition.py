"""The recognition stage: a released chunk becomes a transcript, once for all target languages."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from octavia_common.artifacts.keys import artifact_key
from octavia_common.artifacts.store import ArtifactStore
from octavia_common.documents import Glossary, SpeechRegion, Transcript
from octavia_common.errors import PermanentError
from octavia_common.events import (
    ArtifactRef,
    ChunkHeld,
    ChunkReleased,
    ChunkTranscribed,
    ChunkTranslated,
    ChunkWritten,
    CloudEvent,
)
from octavia_common.messaging.handlers import Work

from octavia_transcriber.engines.base import Recogniser, RecognitionRequest
from octavia_transcriber.segmentation import SEGMENTATION, make_segments
from octavia_transcriber.wav import from_wav


class RecognitionStage:
    """ChunkReleased → Transcript in the store → one ChunkTranscribed for each target language.

    Where the job stops for its transcript to be looked at, one ChunkHeld for all of them instead; where its
    translations have been looked at, these go straight on.
    """

    def __init__(self, store: ArtifactStore, engine: Recogniser) -> None:
        self._store = store
        self._engine = engine

    async def handle(
        self, event: CloudEvent[ChunkReleased], work: Work
    ) -> Sequence[ChunkTranscribed | ChunkTranslated | ChunkWritten | ChunkHeld]:
        """Recognise one chunk; lines that are given, translated or not, are passed on.

        Raises UnsupportedLanguageError where the engine lacks its language.
        """
        released = event.data
        common = _common(released)
        events: list[ChunkTranscribed | ChunkTranslated | ChunkWritten | ChunkHeld] = []
        told = ChunkWritten if released.written else ChunkTranslated
        for language, translation in released.translations.items():
            if language in released.target_languages:
                events.append(told(**common, target_language=language, translation=translation))
        missing = [each for each in released.target_languages if each not in released.translations]
        if not missing:
            return events
        transcript = released.transcript or await self._recognised(released, work)
        common |= {"made": (transcript.key,)}
        if released.options.review == "transcript":
            return [*events, ChunkHeld(**common, transcript=transcript)]
        events += [
            ChunkTranscribed(**common, target_language=language, transcript=transcript)
            for language in missing
        ]
        return events

    async def _recognised(self, released: ChunkReleased, work: Work) -> ArtifactRef:
        variant = await asyncio.to_thread(self._engine.variant, released.model_size)
        key = self._key(released, variant)
        return await self._store.stat(key) or await self._recognise(released, key, work)

    async def _recognise(self, released: ChunkReleased, key: str, work: Work) -> ArtifactRef:
        chunk = released.chunk
        spans = released.regions or ((chunk.start, chunk.end),)
        speakers = released.speakers or ("S1",) * len(spans)
        regions = [
            SpeechRegion(start=start, end=end, speaker=speaker)
            for (start, end), speaker in zip(spans, speakers, strict=True)
        ]
        request = RecognitionRequest(
            samples=from_wav(await self._store.read(audio_of(released))),
            regions=tuple(_shifted(region, -chunk.start) for region in regions),
            language=released.source_language,
            model_size=released.model_size,
            hot_words=await self._hot_words(released),
        )
        heard = await self._engine.run(request, work.cancel)
        words = [
            word.model_copy(update={"start": word.start + chunk.start, "end": word.end + chunk.start})
            for word in heard.words
        ]
        segments = make_segments(words, regions, chunk, language=heard.language)
        transcript = Transcript(language=heard.language, chunk=chunk, segments=segments)
        return await self._store.write_document(key, transcript)

    async def _hot_words(self, released: ChunkReleased) -> tuple[str, ...]:
        """The glossary's terms, for an engine that listens for them."""
        ref = self._glossary(released)
        if ref is None:
            return ()
        glossary = await self._store.read_document(ref, Glossary)
        return tuple(term.source for term in glossary.terms)

    def _glossary(self, released: ChunkReleased) -> ArtifactRef | None:
        return released.options.glossary if "glossary" in self._engine.honours else None

    def _key(self, released: ChunkReleased, variant: Mapping[str, Any]) -> str:
        # What is not asked for is not named, so that keys stay as they were before it could be.
        glossary = self._glossary(released)
        asked = {
            "variant": dict(variant) or None,
            "glossary": glossary.sha256 if glossary else None,
            "speakers": list(released.speakers) if set(released.speakers) - {"S1"} else None,
        }
        return artifact_key(
            released.job.user_id,
            "transcript",
            inputs=[audio_of(released).sha256],
            engine=self._engine.name,
            version=self._engine.version,
            params={
                "chunk": released.chunk.model_dump(mode="json"),
                "regions": [list(region) for region in released.regions],
                "language": released.source_language,
                "model_size": released.model_size,
                "segmentation": SEGMENTATION,
                **{name: value for name, value in asked.items() if value is not None},
            },
        )


def _common(released: ChunkReleased) -> dict[str, Any]:
    """What every event about the chunk carries on."""
    return {
        "job": released.job,
        "chunk": released.chunk,
        "options": released.options,
        "voices": released.voices,
        "written": released.written,
        "source_language": released.source_language,
    }


def audio_of(released: ChunkReleased) -> ArtifactRef:
    """The chunk's sound. Raises PermanentError where it has none, nor lines that were given."""
    if released.audio is None:
        raise PermanentError("A part of this job has neither sound nor lines. Please start it again.")
    return released.audio


def _shifted(region: SpeechRegion, seconds: float) -> SpeechRegion:
    return region.model_copy(update={"start": region.start + seconds, "end": region.end + seconds})
