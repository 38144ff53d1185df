"""Synthesizer and checker hand a chunk to and fro, with a real voice and a real recogniser.

The voice knows letters alone, as many do: figures are left out until they are spelled out. And of one line it
makes noise, whatever is tried.
"""

import subprocess
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import pytest
import soundfile
from octavia_common.artifacts.fake import FakeArtifactStore
from octavia_common.cancellation import CancelToken
from octavia_common.documents import Speech, TranslatedSegment, Translation
from octavia_common.events import (
    ChunkRef,
    ChunkSpoken,
    ChunkSynthesized,
    ChunkTranslated,
    CloudEvent,
    EventData,
    JobOptions,
    JobRef,
)
from octavia_common.messaging.handlers import StageHandler, Work
from octavia_synthesizer.engine import Sound, SpeechRequest, SynthesisEngine
from octavia_synthesizer.handler import SynthesizeChunk
from octavia_transcriber.checking.stage import CheckStage
from octavia_transcriber.engines.pocketsphinx import PocketsphinxRecogniser

LINES = (
    "Good morning, and welcome to the museum of the city.",
    "The house has 17 rooms, 25 doors, 48 chairs and 310 books.",
    "This one nobody can understand, whatever is tried with it.",
)
CHUNK = ChunkRef(index=0, total=1, start=0.0, end=30.0, next_speech_start=30.0)
JOB = JobRef(
    job_id=UUID(int=1), user_id=UUID(int=2), hold_id=UUID(int=3), deadline_at=datetime(2100, 1, 1, tzinfo=UTC)
)


class LettersAlone(SynthesisEngine):
    """flite's slt without figures, and noise for what nobody can understand."""

    name = "letters-alone"
    threads = 2

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder
        self.spoken: list[str] = []

    def voice_for(self, language: str, speaker: str) -> str:
        return "slt"

    def languages(self) -> list[str]:
        return ["en"]

    def work(self, request: SpeechRequest, cancel: CancelToken) -> Sound:
        self.spoken.append(request.text)
        if LINES[2][:8] in request.text or request.text in LINES[2]:
            noise = np.random.default_rng(len(request.text)).normal(0, 0.1, 32_000)
            return Sound(noise.astype(np.float32), 16_000)
        letters = "".join(" " if character.isdigit() else character for character in request.text)
        path = self._folder / f"{len(self.spoken)}-{abs(hash(request.text))}.wav"
        subprocess.run(["flite", "-voice", "slt", "-t", letters, "-o", path], check=True)
        samples, rate = soundfile.read(path, dtype="float32")
        return Sound(samples, rate)


@pytest.fixture
async def stages(
    tmp_path: Path,
) -> AsyncIterator[tuple[FakeArtifactStore, LettersAlone, dict[type, StageHandler]]]:
    store, voice, ear = FakeArtifactStore(), LettersAlone(tmp_path), PocketsphinxRecogniser()
    await voice.start()
    await ear.start()
    yield (
        store,
        voice,
        {
            ChunkTranslated: SynthesizeChunk(store, voice),
            ChunkSpoken: CheckStage(store, ear, most_error=0.4),
        },
    )
    await ear.close()
    await voice.close()


async def until_synthesized(
    first: ChunkTranslated, stages: dict[type, StageHandler], work: Work
) -> tuple[ChunkSynthesized, list[EventData]]:
    """Hands each event to its stage until the chunk is through; and all events on the way."""
    event: Any = first
    way: list[EventData] = []
    while not isinstance(event, ChunkSynthesized):
        (event,) = await stages[type(event)].handle(CloudEvent.wrap(event, service="test"), work)
        way.append(event)
        assert len(way) < 10, "it goes round in circles"
    return event, way


async def test_what_is_not_understood_is_spelled_out_and_what_stays_so_is_flagged(
    stages: Any, tmp_path: Path
) -> None:
    store, voice, handlers = stages
    segments = tuple(
        TranslatedSegment(
            id=f"0000-{number:02}",
            speaker="S1",
            start=6.0 * number,
            end=6.0 * number + 4,
            slot_end=6.0 * number + 5.9,
            source_text="…",
            text=text,
        )
        for number, text in enumerate(LINES)
    )
    document = Translation(source_language="es", target_language="en", chunk=CHUNK, segments=segments)
    first = ChunkTranslated(
        job=JOB,
        chunk=CHUNK,
        options=JobOptions(check_speech=True),
        source_language="es",
        target_language="en",
        translation=await store.write_document("users/u/translation", document),
    )
    work = Work(CancelToken(), tmp_path)
    last, way = await until_synthesized(first, handlers, work)
    lines = (await store.read_document(last.speech, Speech)).segments
    assert [line.flags for line in lines] == [(), ("repaired",), ("misheard",)]
    assert [line.text for line in lines] == list(LINES)
    good, repaired, bad = lines
    assert (good.takes, repaired.takes, bad.takes) == (1, 2, 2)
    assert max(good.heard_error, repaired.heard_error) <= 0.4 < bad.heard_error
    assert next(dict(each.retakes) for each in way if isinstance(each, ChunkTranslated)) == {
        "0000-01": 1,
        "0000-02": 1,
    }
    assert set(last.made) == {key for key in store.objects if key.startswith(f"users/{JOB.user_id}/")}
    said = list(voice.spoken)
    assert any("seventeen rooms" in text for text in said)
    # All of it again, as after a crash before anything was acknowledged: nothing is spoken, the same is said.
    assert await until_synthesized(first, handlers, work) == (last, way)
    assert voice.spoken == said
