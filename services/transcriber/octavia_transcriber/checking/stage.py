"""The checker: spoken lines are recognised again; those that fall short go back, at most twice."""

import asyncio
from collections.abc import Mapping, Sequence

from octavia_common.artifacts import ArtifactStore, artifact_key, made_once
from octavia_common.cancellation import CancelToken
from octavia_common.documents import Speech, SpokenSegment
from octavia_common.events import ArtifactRef, ChunkSpoken, ChunkSynthesized, ChunkTranslated, CloudEvent
from octavia_common.messaging.handlers import Work
from octavia_common.together import each

from octavia_transcriber.checking import words
from octavia_transcriber.checking.hearing import LineHearer
from octavia_transcriber.checking.judging import better, judged, retakes
from octavia_transcriber.checking.words import error_of
from octavia_transcriber.engines.base import Recogniser


class CheckStage:
    """ChunkSpoken → ChunkTranslated with what is to be spoken again, or ChunkSynthesized with the best takes.

    What was heard in a take is an artifact, and so is what was made of a chunk: a second delivery recognises
    nothing, and says the same.
    """

    def __init__(self, store: ArtifactStore, engine: Recogniser, *, most_error: float) -> None:
        """`most_error`: the share of a line that may be heard otherwise."""
        self._store = store
        self._engine = engine
        self._hearer = LineHearer(store, engine)
        self._most_error = most_error

    async def handle(
        self, event: CloudEvent[ChunkSpoken], work: Work
    ) -> Sequence[ChunkTranslated | ChunkSynthesized]:
        """Judge one chunk. A language that the engine does not understand, or an engine that understands
        nothing at all, passes it on as it is."""
        spoken = event.data
        if "check_speech" not in self._engine.honours or not self._engine.understands(spoken.target_language):
            return [_through(spoken, spoken.speech, spoken.made)]
        key = self._key(spoken)
        speech = await self._store.read_document(spoken.speech, Speech)
        keys = await self._heard_keys(spoken, speech)

        async def make() -> ArtifactRef:
            return await self._store.write_document(key, await self._judge(spoken, speech, keys, work.cancel))

        checked = await made_once(self._store, key, make)
        document = await self._store.read_document(checked, Speech)
        made = tuple(dict.fromkeys((*spoken.made, *keys.values(), key)))
        again = retakes(document.segments, spoken.retakes, self._most_error)
        if not again:
            return [_through(spoken, checked, made)]
        return [
            ChunkTranslated(
                job=spoken.job,
                chunk=spoken.chunk,
                options=spoken.options,
                voices=spoken.voices,
                source_language=spoken.source_language,
                target_language=spoken.target_language,
                translation=spoken.translation,
                retakes=again,
                spoken=checked,
                made=made,
            )
        ]

    def _key(self, spoken: ChunkSpoken) -> str:
        return artifact_key(
            spoken.job.user_id,
            "checked",
            inputs=[spoken.speech.sha256, *([spoken.best.sha256] if spoken.best else [])],
            engine=self._engine.name,
            version=self._engine.version,
            params={
                "language": spoken.target_language,
                "words": words.VERSION,
                "most_error": self._most_error,
                "retakes": dict(spoken.retakes),
            },
        )

    async def _heard_keys(self, spoken: ChunkSpoken, speech: Speech) -> dict[str, str]:
        """Where it is kept what was heard in each line, by the line's id."""
        variant = await asyncio.to_thread(self._engine.variant, None)
        language, user = spoken.target_language, spoken.job.user_id
        return {
            line.id: self._hearer.key(user, line.audio, language, variant)
            for line in speech.segments
            if line.audio is not None
        }

    async def _judge(
        self, spoken: ChunkSpoken, speech: Speech, keys: Mapping[str, str], cancel: CancelToken
    ) -> Speech:
        """The best takes so far; flagged where no more are asked for."""
        best: dict[str, SpokenSegment] = {}
        if spoken.best is not None:
            known = await self._store.read_document(spoken.best, Speech)
            best = {line.id: line for line in known.segments}

        async def check(line: SpokenSegment) -> SpokenSegment:
            before = best.get(line.id)
            if line.audio is None or (before is not None and line.takes == before.takes):
                return before or line  # nothing to hear, or nothing new
            text = await self._hearer.heard(keys[line.id], line.audio, spoken.target_language, cancel)
            error = error_of(line.text, text, spoken.target_language)
            return better(before, line.model_copy(update={"heard_error": error}))

        lines = tuple(await each(speech.segments, check, at_once=self._engine.threads))
        if not retakes(lines, spoken.retakes, self._most_error):
            lines = tuple(judged(line, self._most_error) for line in lines)
        return speech.model_copy(update={"segments": lines})


def _through(spoken: ChunkSpoken, speech: ArtifactRef, made: tuple[str, ...]) -> ChunkSynthesized:
    return ChunkSynthesized(
        job=spoken.job,
        chunk=spoken.chunk,
        options=spoken.options,
        source_language=spoken.source_language,
        target_language=spoken.target_language,
        speech=speech,
        made=tuple(dict.fromkeys(made)),
    )
