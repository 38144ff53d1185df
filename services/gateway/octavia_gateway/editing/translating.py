"""Lines that the translator is to say anew: a run of their own, which holds nothing and is spoken nowhere."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from octavia_common.artifacts import artifact_key, sha256_of
from octavia_common.artifacts.store import ArtifactStore
from octavia_common.documents import Segment, Transcript
from octavia_common.events import ArtifactRef, ChunkRef, ChunkTranscribed, JobRef

from octavia_gateway.editing.changes import Change, TranslateLine
from octavia_gateway.editing.errors import UnsuitableChangeError
from octavia_gateway.editing.lines import Line, Lines, slot_end
from octavia_gateway.editing.models import Table
from octavia_gateway.jobs.models import Job


@dataclass(frozen=True)
class Question:
    """What the translator is asked: lines of one language, as one chunk."""

    hold_id: UUID
    chunk: ChunkRef
    transcript: ArtifactRef

    def event(self, job: Job, table: Table, deadline: timedelta) -> ChunkTranscribed:
        """It goes the way of a chunk that a person wants to look at: translated, and no further."""
        return ChunkTranscribed(
            job=JobRef(
                job_id=job.job_id,
                user_id=job.user_id,
                hold_id=self.hold_id,
                deadline_at=datetime.now(UTC) + deadline,
            ),
            chunk=self.chunk,
            options=job.spec.options.model_copy(update={"review": "translation"}),
            source_language=table.result.source_language,
            target_language=table.language,
            made=(self.transcript.key,),
            transcript=self.transcript,
        )


async def ask(
    store: ArtifactStore, user_id: UUID, table: Table, lines: Lines, changes: Sequence[Change]
) -> Question | None:
    """What is to be asked after `changes`, of which `lines` came; None where nothing is.

    Raises UnsuitableChangeError (422) where the table is of what was heard, not of a translation.
    """
    wanted: set[str] = set()
    for place, change in enumerate(changes):
        if isinstance(change, TranslateLine):
            if table.language == table.result.source_language:
                raise UnsuitableChangeError(place, "what was heard is no translation.")
            wanted.add(change.id)
    segments = tuple(
        _segment(line, slot_end(lines, index, table.result.duration_seconds))
        for index, line in enumerate(lines)
        if line.translating and line.id in wanted
    )
    if not segments:
        return None
    end = max(segment.end for segment in segments)
    chunk = ChunkRef(index=0, total=1, start=segments[0].start, end=end, next_speech_start=end)
    document = Transcript(language=table.result.source_language, chunk=chunk, segments=segments)
    digest = sha256_of(document.model_dump_json().encode())
    key = artifact_key(user_id, "edited", inputs=[digest], engine="person", version="1", params={})
    return Question(uuid4(), chunk, await store.write_document(key, document))


def _segment(line: Line, until: float) -> Segment:
    return Segment(
        id=line.id,
        speaker=line.speaker,
        start=line.start,
        end=line.end,
        slot_end=until,
        text=line.source_text,
    )
