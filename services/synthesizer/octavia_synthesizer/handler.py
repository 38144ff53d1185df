"""The stage: a chunk's translated lines in, their fitted sound out."""

from collections.abc import Sequence

import structlog
from octavia_common.artifacts import ArtifactStore, artifact_key, made_once
from octavia_common.cancellation import CancelToken
from octavia_common.documents import Speech, SpokenSegment, TranslatedSegment, Translation
from octavia_common.events import ArtifactRef, ChunkSpoken, ChunkSynthesized, ChunkTranslated, CloudEvent
from octavia_common.messaging.handlers import Work
from octavia_common.together import each

from octavia_synthesizer import choosing, fitting
from octavia_synthesizer.casting import Casting, wishes
from octavia_synthesizer.engine import LineUnspeakableError, SynthesisEngine
from octavia_synthesizer.lines import Lines, Scene, silent
from octavia_synthesizer.pronouncing import reader_of

log = structlog.get_logger(__name__)

DOCUMENT = 2
"""Part of the key of a chunk's speech: change it with what is told of its lines."""


class SynthesizeChunk:
    """Speaks a chunk line by line, as many at once as the engine has threads.

    Each line is an artifact of its own: an edited line costs one call of the engine, the others are found. Of
    lines with several translations all are spoken, and those chosen that sound best one after another.
    """

    def __init__(self, store: ArtifactStore, engine: SynthesisEngine, *, check: bool = False) -> None:
        """`check`: lines are to be checked where a job does not say."""
        self._store = store
        self._engine = engine
        self._lines = Lines(store, engine)
        self._casting = Casting(store, engine)
        self._check = check

    async def handle(
        self, event: CloudEvent[ChunkTranslated], work: Work
    ) -> Sequence[ChunkSpoken | ChunkSynthesized]:
        """Raises UnsupportedLanguageError where the engine does not speak the language, UnknownVoiceError
        where it lacks a voice asked for, VoicesNotClonedError where it cannot make one."""
        data = event.data
        self._engine.voice_for(data.target_language, "")
        key = self._key(data)
        made: Speech | None = None

        async def make() -> ArtifactRef:
            nonlocal made
            made = await self._speech(data, work.cancel)
            return await self._store.write_document(key, made)

        speech = await made_once(self._store, key, make)
        lines = (made or await self._store.read_document(speech, Speech)).segments
        audio = [line.audio.key for line in lines if line.audio is not None]
        # What led to a retake was told of by nobody else.
        keys = tuple(dict.fromkeys((*(data.made if data.retakes else ()), key, *audio)))
        checked = bool(audio) and self._to_be_checked(data)
        return [_spoken(data, speech, keys) if checked else _synthesized(data, speech, keys)]

    def _to_be_checked(self, data: ChunkTranslated) -> bool:
        wished = data.options.check_speech
        return self._check if wished is None else wished

    def _key(self, data: ChunkTranslated) -> str:
        terms = data.options.pronunciation
        return artifact_key(
            data.job.user_id,
            "speech",
            inputs=[data.translation.sha256, *([data.spoken.sha256] if data.spoken else [])],
            engine=self._engine.name,
            version=self._engine.version,
            params={
                "language": data.target_language,
                "fitting": fitting.VERSION,
                "document": DOCUMENT,
                "choosing": choosing.VERSION,
                **wishes(data.options, data.voices),
                **({"pronunciation": terms.sha256} if terms else {}),
                **({"retakes": dict(data.retakes)} if data.retakes else {}),
            },
        )

    async def _speech(self, data: ChunkTranslated, cancel: CancelToken) -> Speech:
        scene = Scene(
            data.job.user_id,
            data.target_language,
            await self._casting.of(data),
            await reader_of(self._store, self._engine, data.options.pronunciation, data.target_language),
        )
        if data.spoken is not None:
            best = await self._store.read_document(data.spoken, Speech)
            segments = await self._again(scene, best.segments, data, cancel)
        else:
            translation = await self._store.read_document(data.translation, Translation)
            segments = await self._first(scene, translation.segments, cancel)
        return Speech(
            source_language=data.source_language,
            target_language=data.target_language,
            chunk=data.chunk,
            segments=segments,
        )

    async def _first(
        self, scene: Scene, segments: Sequence[TranslatedSegment], cancel: CancelToken
    ) -> tuple[SpokenSegment, ...]:
        """Every line, in the translation that goes best with the lines around it."""
        asked = [version for segment in segments for version in choosing.versions(segment)]

        async def speak(segment: TranslatedSegment) -> SpokenSegment | LineUnspeakableError:
            try:
                spoken = await self._lines.spoken(scene, segment, cancel)
            except LineUnspeakableError as error:
                log.warning("a line could not be spoken", segment=segment.id, context=error.context)
                return error
            return spoken or silent(segment)

        results = await each(asked, speak, at_once=self._engine.threads)
        return choosing.chosen(_with_gaps_flagged(asked, results))

    async def _again(
        self, scene: Scene, best: Sequence[SpokenSegment], data: ChunkTranslated, cancel: CancelToken
    ) -> tuple[SpokenSegment, ...]:
        """The best takes so far, but those lines in another take that the checker asks for.

        A line that cannot be spoken in another way stays as it is.
        """

        async def speak(line: SpokenSegment) -> SpokenSegment:
            take = data.retakes.get(line.id)
            if take is None:
                return line
            try:
                spoken = await self._lines.spoken(scene, _translated(line), cancel, take=take)
            except LineUnspeakableError as error:
                log.warning("another take was no speech", segment=line.id, context=error.context)
                return line
            return line if spoken is None or spoken.audio is None else spoken

        return tuple(await each(best, speak, at_once=self._engine.threads))


def _spoken(data: ChunkTranslated, speech: ArtifactRef, made: tuple[str, ...]) -> ChunkSpoken:
    return ChunkSpoken(
        job=data.job,
        chunk=data.chunk,
        options=data.options,
        voices=data.voices,
        source_language=data.source_language,
        target_language=data.target_language,
        made=made,
        translation=data.translation,
        speech=speech,
        retakes=data.retakes,
        best=data.spoken,
    )


def _synthesized(data: ChunkTranslated, speech: ArtifactRef, made: tuple[str, ...]) -> ChunkSynthesized:
    return ChunkSynthesized(
        job=data.job,
        chunk=data.chunk,
        options=data.options,
        source_language=data.source_language,
        target_language=data.target_language,
        made=made,
        speech=speech,
    )


def _translated(line: SpokenSegment) -> TranslatedSegment:
    """The line before it was spoken: without what its sound was found to be."""
    fields = {name: value for name, value in line if name in TranslatedSegment.model_fields}
    flags = tuple(flag for flag in line.flags if flag == "untranslated")
    return TranslatedSegment.model_validate({**fields, "flags": flags})


def _with_gaps_flagged(
    segments: Sequence[TranslatedSegment], results: Sequence[SpokenSegment | LineUnspeakableError]
) -> tuple[SpokenSegment, ...]:
    """Lines that the engine failed on become silent, flagged ones.

    Raises LineUnspeakableError where it failed on every line it was given: then it is the engine's
    fault, and nobody is to pay for silence.
    """
    errors = [result for result in results if isinstance(result, LineUnspeakableError)]
    if errors and all(isinstance(r, LineUnspeakableError) or r.audio is None for r in results):
        raise errors[0]
    return tuple(
        silent(segment) if isinstance(result, LineUnspeakableError) else result
        for segment, result in zip(segments, results, strict=True)
    )
