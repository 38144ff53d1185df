"""What a recogniser hears in one spoken line; kept, so that no take is heard twice."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import numpy as np
from octavia_common.artifacts import ArtifactStore, artifact_key, made_once
from octavia_common.cancellation import CancelToken
from octavia_common.documents import Document, SpeechRegion
from octavia_common.events import ArtifactRef
from octavia_common.media import ToolLimits, ffmpeg

from octavia_transcriber.engines.base import Recogniser, RecognitionRequest
from octavia_transcriber.planning.features import SAMPLE_RATE

MARGIN_SECONDS = 0.25
"""Silence put around a line: recognisers are made for speech that begins and ends in it."""

MARGIN = round(MARGIN_SECONDS * SAMPLE_RATE)

LIMITS = ToolLimits(seconds=60, cpu_seconds=30, file_bytes=0, output_bytes=64 * 1024 * 1024)


class HeardLine(Document):
    """What was heard in a line."""

    text: str


class LineHearer:
    """Hears lines with one engine."""

    def __init__(self, store: ArtifactStore, engine: Recogniser) -> None:
        self._store = store
        self._engine = engine

    def key(self, user_id: UUID, audio: ArtifactRef, language: str, variant: Mapping[str, Any]) -> str:
        """Where it is kept what was heard in the sound of a line; `variant` is the engine's."""
        return artifact_key(
            user_id,
            "heard-line",
            inputs=[audio.sha256],
            engine=self._engine.name,
            version=self._engine.version,
            params={"language": language, "margin": MARGIN, "variant": dict(variant)},
        )

    async def heard(self, key: str, audio: ArtifactRef, language: str, cancel: CancelToken) -> str:
        """What is heard in the sound of a line; the engine runs where nothing is kept under `key`."""

        async def make() -> ArtifactRef:
            text = await self._listen(audio, language, cancel)
            return await self._store.write_document(key, HeardLine(text=text))

        found = await made_once(self._store, key, make)
        return (await self._store.read_document(found, HeardLine)).text

    async def _listen(self, audio: ArtifactRef, language: str, cancel: CancelToken) -> str:
        pcm = ("-f", "s16le", "-ar", str(SAMPLE_RATE), "-ac", "1", "pipe:1")
        flac = await self._store.read(audio)
        done = await ffmpeg("-f", "flac", "-i", "pipe:0", *pcm, stdin=flac, cancel=cancel, limits=LIMITS)
        speech = np.frombuffer(done.stdout, dtype="<i2")
        end = (MARGIN + len(speech)) / SAMPLE_RATE
        request = RecognitionRequest(
            samples=np.pad(speech, MARGIN),
            regions=(SpeechRegion(start=MARGIN_SECONDS, end=end),),
            language=language,
        )
        heard = await self._engine.run(request, cancel)
        return " ".join(word.text for word in heard.words)
