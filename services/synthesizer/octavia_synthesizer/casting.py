"""Who speaks: the voice of each speaker of a chunk, by the job's wishes."""

from collections import OrderedDict
from dataclasses import dataclass

from octavia_common.artifacts import ArtifactStore
from octavia_common.documents import SpeakerVoices
from octavia_common.events import ArtifactRef, ChunkTranslated, JobOptions

from octavia_synthesizer.engine import OwnVoice, SynthesisEngine, VoicesNotClonedError

EVERYBODY = "*"
"""The speaker in `JobOptions.voices` that stands for all who are not named."""

MOST_KEPT = 16
"""Clean speech (about 1 MB a speaker) that a process keeps for the next chunks of its jobs."""


@dataclass(frozen=True)
class Part:
    """A voice in the engine's words; `own` is what it is made of, where it is a speaker's own."""

    voice: str
    own: OwnVoice | None = None


@dataclass(frozen=True)
class Cast:
    """The voices of one chunk's speakers, in one language.

    A voice that the job names for a speaker comes first, then the speaker's own where the job wants that and
    there is clean speech enough, then the voice for everybody, then one of the engine's choice.
    """

    engine: SynthesisEngine
    language: str
    asked: dict[str, str]
    own: dict[str, OwnVoice]

    def part(self, speaker: str) -> Part:
        """Who speaks for `speaker`. Raises UnknownVoiceError, UnsupportedLanguageError."""
        if speaker in self.asked:
            return Part(self.engine.voice_called(self.asked[speaker], self.language))
        if speaker in self.own:
            own = self.own[speaker]
            return Part(f"own:{own.sha256}", own)
        if EVERYBODY in self.asked:
            return Part(self.engine.voice_called(self.asked[EVERYBODY], self.language))
        return Part(self.engine.voice_for(self.language, speaker))


class Casting:
    """Finds the voices of chunks, and keeps the clean speech of the last few speakers."""

    def __init__(self, store: ArtifactStore, engine: SynthesisEngine) -> None:
        self._store = store
        self._engine = engine
        self._kept: OrderedDict[str, bytes] = OrderedDict()

    async def of(self, chunk: ChunkTranslated) -> Cast:
        """The voices of a chunk. Raises VoicesNotClonedError."""
        own: dict[str, OwnVoice] = {}
        if chunk.options.clone_voice:
            if not self._engine.clones_voices:
                raise VoicesNotClonedError(
                    f"The speech engine {self._engine.name} cannot speak in the speakers' own voices: "
                    "leave clone_voice out."
                )
            if chunk.voices is not None:
                found = await self._store.read_document(chunk.voices, SpeakerVoices)
                own = {
                    each.speaker: OwnVoice(each.audio.sha256, await self._clean_speech(each.audio))
                    for each in found.voices
                }
        return Cast(self._engine, chunk.target_language, chunk.options.voices, own)

    async def _clean_speech(self, audio: ArtifactRef) -> bytes:
        wav = self._kept.pop(audio.key, None) or await self._store.read(audio)
        self._kept[audio.key] = wav
        while len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)
        return wav


def wishes(options: JobOptions, voices: ArtifactRef | None) -> dict[str, object]:
    """What of a job's wishes changes its speech, for the key of what is made; nothing where nothing was
    wished."""
    made_of = {"own_voices": voices.sha256} if options.clone_voice and voices is not None else {}
    return {**({"voices": options.voices} if options.voices else {}), **made_of}
