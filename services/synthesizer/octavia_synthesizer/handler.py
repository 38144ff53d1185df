"""The stage: a chunk's translated lines in, their fitted sound out."""

import asyncio
from collections.abc import Sequence

import structlog
from octavia_common.artifacts import ArtifactStore, artifact_key, made_once, sha256_of
from octavia_common.cancellation import CancelToken
from octavia_common.documents import Flag, Speech, SpokenSegment, TranslatedSegment, Translation
from octavia_common.events import ArtifactRef, ChunkSynthesized, ChunkTranslated, CloudEvent
from octavia_common.messaging.handlers import Work

from octavia_synthesizer import fitting
from octavia_synthesizer.casting import Cast, Casting, Part, wishes
from octavia_synthesizer.engine import LineUnspeakableError, SynthesisEngine
from octavia_synthesizer.fitting import SAMPLE_RATE, Slot
from octavia_synthesizer.pronouncing import Reading, reader_of
from octavia_synthesizer.sound import FLAC_TYPE, Figures, encode, figures
from octavia_synthesizer.speaker import LineSpeaker

log = structlog.get_logger(__name__)


class SynthesizeChunk:
    """Speaks a chunk line by line, as many at once as the engine has threads.

    Each line is an artifact of its own, keyed by its text, voice and slot: an edited line costs one
    call of the engine, the others are found.
    """

    def __init__(self, store: ArtifactStore, engine: SynthesisEngine) -> None:
        self._store = store
        self._engine = engine
        self._speaker = LineSpeaker(engine)
        self._casting = Casting(store, engine)

    async def handle(self, event: CloudEvent[ChunkTranslated], work: Work) -> Sequence[ChunkSynthesized]:
        """Raises UnsupportedLanguageError where the engine does not speak the language, UnknownVoiceError
        where it lacks a voice asked for, VoicesNotClonedError where it cannot make one."""
        data = event.data
        self._engine.voice_for(data.target_language, "")
        key = artifact_key(
            data.job.user_id,
            "speech",
            inputs=[data.translation.sha256],
            engine=self._engine.name,
            version=self._engine.version,
            params={
                "language": data.target_language,
                "fitting": fitting.VERSION,
                **wishes(data.options, data.voices),
                **({"pronunciation": terms.sha256} if (terms := data.options.pronunciation) else {}),
            },
        )

        made: Speech | None = None

        async def make() -> ArtifactRef:
            nonlocal made
            made = await self._speech(data, await self._casting.of(data), work.cancel)
            return await self._store.write_document(key, made)

        speech = await made_once(self._store, key, make)
        lines = (made or await self._store.read_document(speech, Speech)).segments
        audio = [line.audio.key for line in lines if line.audio is not None]
        return [
            ChunkSynthesized(
                job=data.job,
                chunk=data.chunk,
                options=data.options,
                source_language=data.source_language,
                target_language=data.target_language,
                made=tuple(dict.fromkeys((key, *audio))),
                speech=speech,
            )
        ]

    async def _speech(self, data: ChunkTranslated, cast: Cast, cancel: CancelToken) -> Speech:
        translation = await self._store.read_document(data.translation, Translation)
        reader = await reader_of(self._store, self._engine, data.options.pronunciation, data.target_language)
        free = asyncio.Semaphore(self._engine.threads)

        async def spoken(segment: TranslatedSegment) -> SpokenSegment | LineUnspeakableError:
            async with free:
                try:
                    part = cast.part(segment.speaker)
                    reading = await reader.read(segment.text, part.voice)
                    return await self._line(data, part, segment, reading, cancel)
                except LineUnspeakableError as error:
                    log.warning("a line could not be spoken", segment=segment.id, context=error.context)
                    return error

        try:
            async with asyncio.TaskGroup() as tasks:
                running = [tasks.create_task(spoken(segment)) for segment in translation.segments]
        except ExceptionGroup as group:
            raise group.exceptions[0] from None
        results = [task.result() for task in running]
        return Speech(
            source_language=data.source_language,
            target_language=data.target_language,
            chunk=data.chunk,
            segments=_with_gaps_flagged(translation.segments, results),
        )

    async def _line(
        self,
        data: ChunkTranslated,
        part: Part,
        segment: TranslatedSegment,
        reading: Reading,
        cancel: CancelToken,
    ) -> SpokenSegment:
        slot = Slot.of(segment)
        if not speakable(segment.text):
            return silent(segment)
        if not slot.usable:
            return silent(segment, "too_long")
        key = artifact_key(
            data.job.user_id,
            "speech-line",
            inputs=[sha256_of(reading.identity)],
            engine=self._engine.name,
            version=self._engine.version,
            params={
                "language": data.target_language,
                "voice": part.voice,
                "source_samples": slot.source,
                "limit_samples": slot.limit,
                "fitting": fitting.VERSION,
            },
        )
        audio = await self._store.stat(key)
        if audio is None:
            take = await self._speaker.speak(
                reading.text,
                soundings=reading.soundings,
                language=data.target_language,
                voice=part.voice,
                slot=slot,
                cancel=cancel,
                own=part.own,
            )
            if take is None:
                return silent(segment)
            flac = await asyncio.to_thread(encode, take)
            audio = await self._store.write(key, flac, FLAC_TYPE)
            if audio.sha256 != sha256_of(flac):  # another worker was first: what it made is stored
                flac = await self._store.read(audio)
        else:
            flac = await self._store.read(audio)
        spoken = segment.model_copy(update={"flags": (*segment.flags, "unpronounced")})
        return voiced(spoken if reading.lacking else segment, audio, figures(flac))


def speakable(text: str) -> bool:
    """Whether there is anything to say; signs alone are not."""
    return any(character.isalnum() for character in text)


def voiced(segment: TranslatedSegment, audio: ArtifactRef, known: Figures) -> SpokenSegment:
    """A line with its sound."""
    return SpokenSegment(
        **segment.model_dump(exclude={"flags"}),
        flags=(*segment.flags, *fitting.flags(known.natural, known.played)),
        audio=audio,
        duration=known.played / SAMPLE_RATE,
        rate=known.natural / known.played,
        onset=None if known.onset is None else known.onset / SAMPLE_RATE,
        lufs=known.lufs,
    )


def silent(segment: TranslatedSegment, *reasons: Flag) -> SpokenSegment:
    """A line without sound, flagged as such."""
    return SpokenSegment(
        **segment.model_dump(exclude={"flags"}),
        flags=(*segment.flags, *reasons, "unspeakable"),
        audio=None,
        duration=0.0,
        rate=1.0,
    )


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
