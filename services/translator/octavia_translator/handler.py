"""The stage: a chunk's transcript in, its lines in one target language out."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import structlog
from octavia_common.artifacts import ArtifactStore, artifact_key, made_once
from octavia_common.documents import Glossary, Segment, Transcript, TranslatedSegment, Translation
from octavia_common.events import (
    ArtifactRef,
    ChunkHeld,
    ChunkTranscribed,
    ChunkTranslated,
    ChunkWritten,
    CloudEvent,
    JobOptions,
)
from octavia_common.messaging.handlers import Work

from octavia_translator import budgets, checks
from octavia_translator.engine import Answer, Line, TranslationEngine, TranslationRequest
from octavia_translator.glossary import Term, terms_for
from octavia_translator.metrics import LINES

log = structlog.get_logger(__name__)


class TranslateChunk:
    """Translates one chunk; where it was translated before, the engine does not run.

    What is never to be spoken is through with that; what a person is to look at first waits. Into its own
    language the source is passed on as it is.
    """

    def __init__(self, store: ArtifactStore, engine: TranslationEngine) -> None:
        self._store = store
        self._engine = engine

    async def handle(
        self, event: CloudEvent[ChunkTranscribed], work: Work
    ) -> Sequence[ChunkTranslated | ChunkWritten | ChunkHeld]:
        """Raises UnsupportedLanguageError where the engine does not have the pair."""
        data = event.data
        same = data.source_language == data.target_language
        translation = await (self._passed_on(data) if same else self._translation(data, work))
        told: type[ChunkHeld | ChunkWritten | ChunkTranslated]
        if data.options.review == "translation":
            told = ChunkHeld
        else:
            told = ChunkWritten if data.written else ChunkTranslated
        return [
            told(
                job=data.job,
                chunk=data.chunk,
                options=data.options,
                voices=data.voices,
                written=data.written,
                source_language=data.source_language,
                target_language=data.target_language,
                made=(translation.key,),
                translation=translation,
            )
        ]

    async def _translation(self, data: ChunkTranscribed, work: Work) -> ArtifactRef:
        params = await asyncio.to_thread(self._engine.params, data.source_language, data.target_language)
        wishes = self._wishes(data.options)
        key = self._key(data, params, wishes)

        async def make() -> ArtifactRef:
            transcript = await self._store.read_document(data.transcript, Transcript)
            return await self._store.write_document(
                key, await self._translate(data, transcript, wishes, work)
            )

        return await made_once(self._store, key, make)

    async def _passed_on(self, data: ChunkTranscribed) -> ArtifactRef:
        """The lines in their own language; no engine is asked."""
        key = artifact_key(
            data.job.user_id,
            "translation",
            inputs=[data.transcript.sha256],
            engine="none",
            version="1",
            params={"language": data.target_language},
        )

        async def make() -> ArtifactRef:
            transcript = await self._store.read_document(data.transcript, Transcript)
            return await self._store.write_document(
                key,
                Translation(
                    source_language=data.source_language,
                    target_language=data.target_language,
                    chunk=data.chunk,
                    segments=tuple(
                        TranslatedSegment.of(segment, segment.text) for segment in transcript.segments
                    ),
                ),
            )

        return await made_once(self._store, key, make)

    def _wishes(self, options: JobOptions) -> JobOptions:
        """What the owner wishes of this engine; all else stays as it is for everybody."""
        return JobOptions(**{name: getattr(options, name) for name in self._engine.honours})

    def _key(self, data: ChunkTranscribed, params: Mapping[str, Any], wishes: JobOptions) -> str:
        wished = wishes.model_dump(mode="json", exclude_defaults=True)
        if wishes.glossary is not None:
            wished["glossary"] = wishes.glossary.sha256
        return artifact_key(
            data.job.user_id,
            "translation",
            inputs=[data.transcript.sha256],
            engine=self._engine.name,
            version=self._engine.version,
            params={
                "source": data.source_language,
                "target": data.target_language,
                "checks": checks.VERSION,
                "engine": dict(params),
                **({"wishes": wished} if wished else {}),
                **({"read": budgets.READ_SHARE} if data.written else {}),
            },
        )

    async def _translate(
        self, data: ChunkTranscribed, transcript: Transcript, wishes: JobOptions, work: Work
    ) -> Translation:
        share = budgets.READ_SHARE if data.written else 1.0
        lines = tuple(
            Line(segment.id, segment.text, segment.speaker, share * (segment.slot_end - segment.start))
            for segment in transcript.segments
        )
        answers: Sequence[Answer] = ()
        if lines:
            request = TranslationRequest(
                data.source_language,
                data.target_language,
                lines,
                glossary=await self._glossary(wishes, data.target_language),
                style=wishes.style,
                formality=wishes.formality,
                written=data.written,
            )
            answers = await self._engine.run(request, work.cancel)
        made = tuple(
            translated(segment, answer, data.target_language, self._engine.name)
            for segment, answer in zip(transcript.segments, answers, strict=True)
        )
        return Translation(
            source_language=data.source_language,
            target_language=data.target_language,
            chunk=data.chunk,
            segments=made,
        )

    async def _glossary(self, wishes: JobOptions, target_language: str) -> tuple[Term, ...]:
        if wishes.glossary is None:
            return ()
        return terms_for(await self._store.read_document(wishes.glossary, Glossary), target_language)


def translated(segment: Segment, answer: Answer, target_language: str, engine: str) -> TranslatedSegment:
    """The segment with its translation; empty and flagged where the answer is none."""
    problem = checks.problem_of(segment.text, answer, target_language)
    LINES.labels(engine, problem or "none").inc()
    if problem is not None:
        log.warning("a line could not be translated", segment=segment.id, problem=problem)
    others = dict.fromkeys(text.strip() for text in answer.others) if problem is None else {}
    return TranslatedSegment.of(
        segment,
        "" if problem else answer.text.strip(),
        flags=("untranslated",) if problem else (),
        candidates=tuple(
            text
            for text in others
            if text != answer.text.strip()
            and checks.problem_of(segment.text, Answer(answer.id, text), target_language) is None
        ),
    )
