"""The recognition stage: a released chunk becomes a transcript, once for all target languages."""

from collections.abc import Sequence

from octavia_common.artifacts.keys import artifact_key
from octavia_common.artifacts.store import ArtifactStore
from octavia_common.documents import SpeechRegion, Transcript
from octavia_common.events import ArtifactRef, ChunkReleased, ChunkTranscribed, CloudEvent
from octavia_common.messaging.handlers import Work

from octavia_transcriber.engines.base import Recogniser, RecognitionRequest
from octavia_transcriber.segmentation import SEGMENTATION, make_segments
from octavia_transcriber.wav import from_wav


class RecognitionStage:
    """ChunkReleased → Transcript in the store → one ChunkTranscribed for each target language."""

    def __init__(self, store: ArtifactStore, engine: Recogniser) -> None:
        self._store = store
        self._engine = engine

    async def handle(self, event: CloudEvent[ChunkReleased], work: Work) -> Sequence[ChunkTranscribed]:
        """Recognise one chunk. Raises UnsupportedLanguageError where the engine lacks its language."""
        released = event.data
        key = self._key(released)
        transcript = await self._store.stat(key) or await self._recognise(released, key, work)
        return [
            ChunkTranscribed(
                job=released.job,
                chunk=released.chunk,
                source_language=released.source_language,
                target_language=language,
                transcript=transcript,
                made=(key,),
            )
            for language in released.target_languages
        ]

    async def _recognise(self, released: ChunkReleased, key: str, work: Work) -> ArtifactRef:
        chunk = released.chunk
        spans = released.regions or ((chunk.start, chunk.end),)
        regions = [SpeechRegion(start=start, end=end) for start, end in spans]
        request = RecognitionRequest(
            samples=from_wav(await self._store.read(released.audio)),
            regions=tuple(_shifted(region, -chunk.start) for region in regions),
            language=released.source_language,
            model_size=released.model_size,
        )
        heard = await self._engine.run(request, work.cancel)
        words = [
            word.model_copy(update={"start": word.start + chunk.start, "end": word.end + chunk.start})
            for word in heard.words
        ]
        segments = make_segments(words, regions, chunk)
        transcript = Transcript(language=heard.language, chunk=chunk, segments=segments)
        return await self._store.write_document(key, transcript)

    def _key(self, released: ChunkReleased) -> str:
        return artifact_key(
            released.job.user_id,
            "transcript",
            inputs=[released.audio.sha256],
            engine=self._engine.name,
            version=self._engine.version,
            params={
                "chunk": released.chunk.model_dump(mode="json"),
                "regions": [list(region) for region in released.regions],
                "language": released.source_language,
                "model_size": released.model_size,
                "segmentation": SEGMENTATION,
            },
        )


def _shifted(region: SpeechRegion, seconds: float) -> SpeechRegion:
    return SpeechRegion(start=region.start + seconds, end=region.end + seconds)
