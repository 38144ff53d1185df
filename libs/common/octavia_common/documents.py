"""The JSON documents that stages hand each other through the object store.

All times are seconds on the source's own clock, absolute from its first frame, so that nothing
adds up over an hour; whoever places sound converts with `round(seconds * sample_rate)`.
"""

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from octavia_common.events.base import ArtifactRef, ChunkRef


class Document(BaseModel):
    """A document of the pipeline: immutable, tolerant of fields added later."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class SpeechRegion(Document):
    """A stretch in which somebody speaks, found before recognition."""

    start: float
    end: float
    speaker: str = "S1"


class PlannedChunk(Document):
    """A chunk and its audio: 16 kHz mono 16-bit WAV of exactly `chunk.start..chunk.end`.

    Where a subtitle file is used in place of recognition its lines are there already, as a `Transcript`; a
    chunk of a subtitle file alone has no audio.
    """

    chunk: ChunkRef
    audio: ArtifactRef | None = None
    regions: tuple[SpeechRegion, ...] = ()
    transcript: ArtifactRef | None = None
    translations: dict[str, ArtifactRef] = Field(default_factory=dict)
    """A `Translation` by language, where a person has looked at them: they are spoken as they are."""


class ChunkPlan(Document):
    """How a source was cut. No chunks means that nobody speaks in it."""

    duration_seconds: float
    chunks: tuple[PlannedChunk, ...]
    voices: ArtifactRef | None = None
    """A `SpeakerVoices`, where the job's owner wants the speakers' own voices."""
    frame_rate: float | None = None
    """Frames a second of the source's picture, where it has one."""


class SpeakerVoice(Document):
    """Clean speech of one speaker of the source: mono 24 kHz 16-bit WAV of so many seconds."""

    speaker: str
    audio: ArtifactRef
    seconds: float


class SpeakerVoices(Document):
    """What a synthesizer may make voices of; speakers with too little clean speech are missing."""

    voices: tuple[SpeakerVoice, ...]


class GlossaryTerm(Document):
    """A word or phrase of the source, and what it is to be in a target language (BCP 47 tag).

    A language that is not named keeps the term as the source has it where `keep` is set, and is free else.
    """

    source: str = Field(min_length=1, max_length=200)
    targets: dict[str, str] = Field(default_factory=dict)
    keep: bool = False


class Glossary(Document):
    """Terms of one job."""

    terms: tuple[GlossaryTerm, ...] = Field(max_length=1000)


class Pronunciation(Document):
    """How a word or phrase of a target language is to be spoken.

    `ipa` is for engines that read it, `spoken` (another spelling, by the language's own rules) for all; one
    of the two is there. `language` is a BCP 47 tag; without one it holds in every language.
    """

    term: str = Field(min_length=1, max_length=200)
    language: str | None = None
    spoken: str | None = Field(default=None, max_length=200)
    ipa: str | None = Field(default=None, max_length=200)


class Pronunciations(Document):
    """How terms of one job are to be spoken; of several for one term the last holds."""

    terms: tuple[Pronunciation, ...] = Field(max_length=1000)


class Word(Document):
    """One recognised word and its time."""

    text: str
    start: float
    end: float
    confidence: float = 1.0


class Segment(Document):
    """A sentence or clause of one speaker, about 1.5 to 9 s.

    `id` stays the same through translation, editing and re-rendering. `slot_end` is the latest
    moment its dub may still sound: the next speech's start less 50 ms.
    """

    id: str
    speaker: str = "S1"
    start: float
    end: float
    slot_end: float
    text: str
    words: tuple[Word, ...] = ()


class Transcript(Document):
    """What is said in one chunk; empty where the recogniser understood nothing."""

    language: str
    chunk: ChunkRef
    segments: tuple[Segment, ...]


Flag = Literal[
    "rate_stretched", "too_long", "untranslated", "unspeakable", "unpronounced", "misheard", "repaired"
]
"""What a person should look at: played above 1.2 times its rate; does not fit even at 1.5; could
not be translated; could not be spoken; has a term whose sounds, asked for in IPA, the voice lacks;
recognised again, it is not what it should say, in none of its takes. `repaired` was spoken again and
is well now."""


class TranslatedSegment(Document):
    """A segment with its translation; `text` is never silently the source's.

    `candidates` are other translations that would do, of other lengths: the one that is spoken is chosen by
    how the lines sound one after another.
    """

    id: str
    speaker: str
    start: float
    end: float
    slot_end: float
    source_text: str
    text: str
    flags: tuple[Flag, ...] = ()
    candidates: tuple[str, ...] = ()

    @classmethod
    def of(
        cls, segment: Segment, text: str, *, flags: tuple[Flag, ...] = (), candidates: tuple[str, ...] = ()
    ) -> Self:
        """The segment with `text` as its translation."""
        return cls(
            id=segment.id,
            speaker=segment.speaker,
            start=segment.start,
            end=segment.end,
            slot_end=segment.slot_end,
            source_text=segment.text,
            text=text,
            flags=flags,
            candidates=candidates,
        )


class Translation(Document):
    """A chunk's lines in one target language."""

    source_language: str
    target_language: str
    chunk: ChunkRef
    segments: tuple[TranslatedSegment, ...]


class SpokenSegment(TranslatedSegment):
    """A line with its sound, already fitted to its slot.

    `audio` is mono 48 kHz 16-bit FLAC without leading silence, `duration` seconds long as it will
    be played; `rate` is how much faster than natural it is (1.0 = natural). None where it could
    not be spoken (then a flag says so).

    `onset` is where in it speech is first heard (seconds), `lufs` its loudness (BS.1770, without gates);
    None where nobody measured. `heard_error` is the share of it that a recogniser heard otherwise (0 = as
    it should be), None where it was not checked; `takes` how often it was spoken. `cut` seconds of its end
    are not heard, for they did not fit.
    """

    audio: ArtifactRef | None
    duration: float
    rate: float = Field(gt=0)
    cut: float = Field(default=0.0, ge=0)
    onset: float | None = None
    lufs: float | None = None
    heard_error: float | None = Field(default=None, ge=0)
    takes: int = Field(default=1, ge=1)


class Speech(Document):
    """A chunk's lines spoken in one target language."""

    source_language: str
    target_language: str
    chunk: ChunkRef
    segments: tuple[SpokenSegment, ...]


class PlacedSegment(SpokenSegment):
    """A line as it lies in the finished output."""

    placed_start: float
    placed_end: float


class Loudness(Document):
    """EBU R128 figures of source and output: LUFS, dBTP. None where there is only silence."""

    source_lufs: float | None
    output_lufs: float | None
    output_true_peak_dbtp: float | None


class ReportedLine(Document):
    """How one line came out. What was not spoken has no onset, rate and loudness.

    `onset_error_ms`: how much later (earlier, below 0) it is heard than its source. `overflow_seconds`: how
    much of its speech does not fit into its slot. `lufs`: its loudness in the output.
    """

    id: str
    speaker: str
    start: float
    placed_start: float
    onset_error_ms: float | None
    rate: float | None
    overflow_seconds: float
    lufs: float | None
    heard_error: float | None
    flags: tuple[Flag, ...] = ()


class QualityTotals(Document):
    """The lines of a language taken together; None where there is nothing to tell.

    `onset_p50_ms`, `onset_p95_ms`: of the onset errors' sizes. `rate_in_bounds`, `subtitle_rules_kept`,
    `repaired` and `flagged` are shares (0 to 1): of the lines played at 0.85 to 1.2 times their rate, of the
    cues that break no rule, of the lines. `overlap_seconds`: in which two lines sound. `drift_ms`: how late
    the last lines are, as a median.
    """

    lines: int
    onset_p50_ms: float | None
    onset_p95_ms: float | None
    rate_in_bounds: float | None
    overlap_seconds: float
    drift_ms: float | None
    source_lufs: float | None
    output_lufs: float | None
    true_peak_dbtp: float | None
    subtitle_rules_kept: float | None
    repaired: float | None
    flagged: float | None


class QualityReport(Document):
    """How good a dub is, measured on what was put together."""

    language: str
    totals: QualityTotals
    lines: tuple[ReportedLine, ...]


class Subtitles(Document):
    """Subtitle files of one language, timed to the output."""

    language: str
    srt: ArtifactRef
    vtt: ArtifactRef


class DubResult(Document):
    """Everything about one finished language of a job."""

    source_language: str
    target_language: str
    duration_seconds: float
    media: ArtifactRef
    speech_only: ArtifactRef | None = None
    segments: tuple[PlacedSegment, ...]
    subtitles: tuple[Subtitles, ...]
    loudness: Loudness
    notes: tuple[str, ...] = ()
    """Sentences for the owner, such as that the video has no speech."""
    plan: ArtifactRef | None = None
    """The `ChunkPlan` that it was made by, so that it can be edited and made again."""
    report: ArtifactRef | None = None
    """Its `QualityReport`."""
    blocks: ArtifactRef | None = None
    """A `KeptBlocks`: what was kept for making it again."""


class KeptBlocks(Document):
    """Keys of the pieces of sound that an assembly found or made."""

    keys: tuple[str, ...]


class Export(Document):
    """A finished export: its file, and sentences for its owner."""

    media: ArtifactRef
    notes: tuple[str, ...] = ()


class RemoteVideo(Document):
    """A clip that its provider keeps: where it can be had until it is removed."""

    url: str
