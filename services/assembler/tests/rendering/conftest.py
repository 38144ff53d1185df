"""A talk whose every line is known, another voice for it, and the stage run on real files."""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import pytest
import soundfile
from octavia_assembler.exporting.stage import MakeExport
from octavia_assembler.rendering.dub import DubRenderer
from octavia_assembler.rendering.stage import AssembleLanguage
from octavia_assembler.sound.ducking import Ducking
from octavia_assembler.timeline import SAMPLE_RATE
from octavia_common.artifacts.fake import FakeArtifactStore
from octavia_common.cancellation import CancelToken
from octavia_common.documents import ChunkPlan, DubResult, Speech, SpokenSegment, Subtitles
from octavia_common.events import (
    ArtifactRef,
    AssemblyRequested,
    ChunkRef,
    CloudEvent,
    ExportKind,
    ExportMade,
    ExportRequested,
    ExportSubtitles,
    LanguageAssembled,
)
from octavia_common.messaging.handlers import Work
from octavia_samples.factory import Picture, make_speech_video
from octavia_samples.measure import loudness, onset_errors, sound, tracks
from octavia_samples.script import Line
from octavia_samples.tools import ffmpeg
from octavia_samples.truth import Truth
from octavia_samples.voices import speak
from octavia_subtitles.rules import Cue
from octavia_subtitles.writing import SRT_TYPE, to_srt

LINES = (
    Line("S1", "Welcome to the history museum.", 1.0),
    Line("S2", "We would like to see the old paintings.", 0.8),
    Line("S1", "They are on the second floor.", 1.9),
)
SPANISH = (
    "Bienvenidos al museo de historia.",
    "Nos gustaría ver los cuadros antiguos.",
    "Están en la segunda planta.",
)
DUB_VOICE = ("slt", "A museum of history.", "We want the old paintings.", "On the second floor.")
PICTURE = Picture(width=160, height=90, rate="30000/1001", preset="veryfast", quality=40)
USER = UUID(int=7)


@dataclass
class Source:
    """A file to dub and what is said in it when."""

    path: Path
    truth: Truth
    shift: float = 0.0


@dataclass
class Dub:
    """What the stage made of a source, written to disk."""

    source: Source
    media: Path
    result: DubResult
    event: LanguageAssembled
    store: FakeArtifactStore

    @property
    def starts(self) -> list[float]:
        return [segment.placed_start for segment in self.result.segments]


@cache
def spoken(text: str) -> np.ndarray[Any, np.dtype[np.float32]]:
    utterance = speak(text, DUB_VOICE[0])
    return utterance.sound[utterance.onset :]


@dataclass
class Bench:
    """Makes sources and dubs them, in the folder of one test."""

    talk: Source
    folder: Path
    run_of: Callable[..., Any]

    spanish = SPANISH
    source = staticmethod(Source)

    def remade(self, name: str, *options: str) -> Source:
        """The talk written anew by ffmpeg with these options."""
        path = self.folder / name
        ffmpeg("-i", str(self.talk.path), *options, str(path))
        return Source(path, self.talk.truth)

    async def dub(self, source: Source, segments: list[SpokenSegment] | None = None, **how: Any) -> Dub:
        """Run the stage on a source whose every line is replaced by another voice."""
        store = how.get("store") or FakeArtifactStore()
        found = await store.write_file(f"users/{USER}/uploads/source", source.path, "video/mp4")
        if segments is None:
            segments = [await self.segment_of(store, source, number) for number in range(len(LINES))]
        chunk = ChunkRef(index=0, total=1, start=0.5, end=9.0, next_speech_start=10.0)
        speech = Speech(source_language="en", target_language="es", chunk=chunk, segments=tuple(segments))
        plan = ChunkPlan(duration_seconds=source.truth.duration, chunks=())
        run = self.run_of(user_id=USER)
        request = AssemblyRequested(
            job=run.job,
            spec=run.spec.model_copy(
                update={
                    "source": found,
                    "source_filename": source.path.name,
                    "preview_seconds": how.get("seconds"),
                }
            ),
            target_language="es",
            plan=await store.write_document(f"users/{USER}/plan", plan),
            speech=(await store.write_document(f"users/{USER}/speech", speech),) if segments else (),
        )
        scratch = Path(tempfile.mkdtemp(dir=self.folder))
        stage = AssembleLanguage(store, how.get("renderer") or DubRenderer(Ducking()))
        work = Work(cancel=how.get("cancel") or CancelToken(), scratch=scratch)
        (event,) = await stage.handle(CloudEvent.wrap(request, service="test"), work)
        assert isinstance(event, LanguageAssembled)
        media = self.folder / f"dub{source.path.suffix}"
        await store.fetch(event.media, media)
        return Dub(source, media, await store.read_document(event.result, DubResult), event, store)

    async def segment_of(self, store: FakeArtifactStore, source: Source, number: int) -> SpokenSegment:
        line = source.truth.lines[number]
        voice = self.voice(number)
        path = self.folder / f"line{number}.flac"
        soundfile.write(path, voice, SAMPLE_RATE, subtype="PCM_16")
        following = source.truth.lines[number + 1 : number + 2]
        return SpokenSegment(
            id=f"s{number}",
            speaker=line.speaker,
            start=line.start + source.shift,
            end=line.end + source.shift,
            slot_end=(following[0].start - 0.05 if following else source.truth.duration) + source.shift,
            source_text=line.text,
            text=SPANISH[number],
            audio=await store.write_file(f"users/{USER}/line{number}", path, "audio/flac"),
            duration=len(voice) / SAMPLE_RATE,
            rate=1.0,
        )

    async def segments(self, store: FakeArtifactStore) -> list[SpokenSegment]:
        """The talk's lines, spoken by the dub's voice, with their sound in `store`."""
        return [await self.segment_of(store, self.talk, number) for number in range(len(LINES))]

    def voice(self, number: int) -> Any:
        """The sound of a line of the dub."""
        return spoken(DUB_VOICE[number + 1])

    def check(self, made: Dub) -> None:
        """What must hold for every dub: onsets, pauses, loudness, peak."""
        truth, shift = made.source.truth, made.source.shift
        heard = sound(made.media)
        starts = [line.start + shift for line in truth.lines]
        assert made.starts == pytest.approx(starts, abs=1 / SAMPLE_RATE)
        errors = onset_errors(heard, starts)
        assert all(abs(error) <= 0.05 for error in errors), errors
        before, after = loudness(made.source.path), loudness(made.media)
        assert after.integrated == pytest.approx(before.integrated, abs=1.0)
        assert after.true_peak <= -1.0
        assert made.result.loudness.output_lufs == pytest.approx(after.integrated, abs=0.2)
        assert made.result.loudness.source_lufs == pytest.approx(before.integrated, abs=0.2)
        figures = tracks(made.media, "audio")[0].detail
        assert (figures["sample_rate"], figures["channels"]) == ("48000", 2)


@pytest.fixture(scope="session")
def talk(tmp_path_factory: pytest.TempPathFactory) -> Source:
    """8 s of two speakers with music, H.264 with B-frames and AAC in MP4."""
    path = tmp_path_factory.mktemp("talk") / "talk.mp4"
    truth = make_speech_video(path, LINES, music_db=-25.0, picture=PICTURE)
    assert tracks(path, "video")[0].detail["has_b_frames"] > 0
    tagged = path.with_name("tagged.mp4")
    chapters = path.with_name("chapters.txt")
    chapters.write_text(
        ";FFMETADATA1\ntitle=My talk\nartist=Me\n"
        "[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=3000\ntitle=Beginning\n"
    )
    ffmpeg("-i", str(path), "-i", str(chapters), "-map", "0", "-map_metadata", "1", "-c", "copy", str(tagged))
    return Source(tagged, truth)


@pytest.fixture
def bench(talk: Source, tmp_path: Path, run_of: Callable[..., Any]) -> Bench:
    return Bench(talk, tmp_path, run_of)


@dataclass
class Exported:
    """A finished export on disk, and what was told of it."""

    path: Path
    event: ExportMade


@dataclass
class Exports:
    """Makes exports of finished dubs, in the folder of one test."""

    folder: Path
    run_of: Callable[..., Any]

    async def in_language(self, made: Dub, language: str, texts: tuple[str, ...]) -> ArtifactRef:
        """A result like this one in another language: half as loud, and with other words."""
        quiet = self.folder / f"quiet.{language}{made.media.suffix}"
        sound = "libopus" if made.media.suffix == ".webm" else "aac"
        ffmpeg(
            *("-i", str(made.media), "-map", "0:v", "-map", "0:a", "-c:v", "copy"),
            *("-af", "volume=0.5", "-c:a", sound, str(quiet)),
        )
        store, prefix = made.store, f"users/{USER}/{language}"
        segments = tuple(
            line.model_copy(update={"text": text})
            for line, text in zip(made.result.segments, texts, strict=True)
        )
        cues = [
            Cue(round(line.placed_start * 1000), round(line.placed_end * 1000), (line.text,))
            for line in segments
        ]
        srt = await store.write(f"{prefix}/srt", to_srt(cues).encode(), SRT_TYPE)
        own = Subtitles(language=language, srt=srt, vtt=srt)
        result = made.result.model_copy(
            update={
                "target_language": language,
                "media": await store.write_file(f"{prefix}/media", quiet, made.result.media.media_type),
                "segments": segments,
                "subtitles": (made.result.subtitles[0], own),
            }
        )
        return await store.write_document(f"{prefix}/result", result)

    async def make(
        self, made: Dub, kind: ExportKind, container: str, *results: ArtifactRef, **how: Any
    ) -> Exported:
        """Run the stage on the source and these results (by default the dub's own)."""
        run = self.run_of(user_id=USER)
        source = await made.store.stat(f"users/{USER}/uploads/source")
        asked = how.get("subtitles")
        request = ExportRequested(
            job=run.job,
            spec=run.spec.model_copy(update={"source": source, "preview_seconds": how.get("seconds")}),
            kind=kind,
            container=container,
            results=results or (made.event.result,),
            subtitles=ExportSubtitles(**asked) if asked else None,
        )
        stage = MakeExport(
            made.store, Ducking(), how.get("separator"), most_seconds=how.get("most_seconds", 120.0)
        )
        scratch = Path(tempfile.mkdtemp(dir=self.folder))
        work = Work(cancel=how.get("cancel") or CancelToken(), scratch=scratch)
        (event,) = await stage.handle(CloudEvent.wrap(request, service="test"), work)
        assert isinstance(event, ExportMade)
        path = scratch / f"export.{container}"
        await made.store.fetch(event.media, path)
        return Exported(path, event)


@pytest.fixture
def exports(tmp_path: Path, run_of: Callable[..., Any]) -> Exports:
    return Exports(tmp_path, run_of)
