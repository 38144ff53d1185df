"""One line as an artifact: found where it was spoken before, spoken and kept where not."""

import asyncio
from dataclasses import dataclass
from uuid import UUID

from octavia_common.artifacts import ArtifactStore, artifact_key, sha256_of
from octavia_common.cancellation import CancelToken
from octavia_common.documents import Flag, SpokenSegment, TranslatedSegment
from octavia_common.events import ArtifactRef

from octavia_synthesizer import fitting
from octavia_synthesizer.casting import Cast
from octavia_synthesizer.engine import SynthesisEngine
from octavia_synthesizer.fitting import SAMPLE_RATE, Slot
from octavia_synthesizer.pronouncing import Reader, Reading
from octavia_synthesizer.sound import FLAC_TYPE, Figures, encode, figures
from octavia_synthesizer.speaker import LineSpeaker
from octavia_synthesizer.takes import way_of


@dataclass(frozen=True)
class Scene:
    """What the lines of a chunk have in common: whose they are, who speaks, how terms are read."""

    user_id: UUID
    language: str
    cast: Cast
    reader: Reader


class Lines:
    """Speaks lines with one engine, each keyed by its text, voice, slot and take."""

    def __init__(self, store: ArtifactStore, engine: SynthesisEngine) -> None:
        self._store = store
        self._engine = engine
        self._speaker = LineSpeaker(engine)

    async def spoken(
        self, scene: Scene, segment: TranslatedSegment, cancel: CancelToken, *, take: int = 0
    ) -> SpokenSegment | None:
        """The line with its sound; None where there is no other way to speak it for this `take`.

        Raises LineUnspeakableError where the engine cannot.
        """
        slot = Slot.of(segment)
        if not speakable(segment.text):
            return silent(segment)
        if not slot.usable:
            return silent(segment, "too_long")
        way = way_of(segment.text, scene.language, take, seeds=self._engine.seeds)
        if way is None:
            return None
        part = scene.cast.part(segment.speaker)
        readings = [await scene.reader.read(text, part.voice) for text in way.parts]
        key = artifact_key(
            scene.user_id,
            "speech-line",
            inputs=[sha256_of(reading.identity) for reading in readings],
            engine=self._engine.name,
            version=self._engine.version,
            params={
                "language": scene.language,
                "voice": part.voice,
                "source_samples": slot.source,
                "limit_samples": slot.limit,
                "fitting": fitting.VERSION,
                **({"take": take} if take else {}),
            },
        )
        audio = await self._store.stat(key)
        if audio is None:
            made = await self._speaker.speak(
                readings,
                language=scene.language,
                voice=part.voice,
                slot=slot,
                cancel=cancel,
                own=part.own,
                seed=way.seed,
            )
            if made is None:
                return silent(segment)
            flac = await asyncio.to_thread(encode, made)
            audio = await self._store.write(key, flac, FLAC_TYPE)
            if audio.sha256 != sha256_of(flac):  # another worker was first: what it made is stored
                flac = await self._store.read(audio)
        else:
            flac = await self._store.read(audio)
        return _voiced(segment, audio, figures(flac), readings, take)


def speakable(text: str) -> bool:
    """Whether there is anything to say; signs alone are not."""
    return any(character.isalnum() for character in text)


def silent(segment: TranslatedSegment, *reasons: Flag) -> SpokenSegment:
    """A line without sound, flagged as such."""
    return SpokenSegment(
        **segment.model_dump(exclude={"flags"}),
        flags=(*segment.flags, *reasons, "unspeakable"),
        audio=None,
        duration=0.0,
        rate=1.0,
    )


def _voiced(
    segment: TranslatedSegment, audio: ArtifactRef, known: Figures, readings: list[Reading], take: int
) -> SpokenSegment:
    return SpokenSegment(
        **segment.model_dump(exclude={"flags"}),
        flags=(
            *segment.flags,
            *fitting.flags(known.natural, known.played, known.cut),
            *(("unpronounced",) if any(reading.lacking for reading in readings) else ()),
        ),
        audio=audio,
        duration=known.played / SAMPLE_RATE,
        rate=known.natural / (known.played + known.cut),
        cut=known.cut / SAMPLE_RATE,
        onset=None if known.onset is None else known.onset / SAMPLE_RATE,
        lufs=known.lufs,
        takes=take + 1,
    )
