"""How a line sounds as it stands now: in the download, or in what was spoken for one that is on its way."""

from uuid import UUID

from octavia_common.artifacts.store import ArtifactStore
from octavia_common.documents import Speech, SpokenSegment
from octavia_common.events import ArtifactRef

from octavia_gateway.database import GatewayDatabase
from octavia_gateway.editing.errors import LineNotFoundError, NotSpokenError
from octavia_gateway.editing.lines import Line, chunk_begun
from octavia_gateway.editing.models import SpokenChunk, Table
from octavia_gateway.editing.repository import EditingRepository


class Hearing:
    """Finds the sound of single lines."""

    def __init__(self, database: GatewayDatabase, store: ArtifactStore) -> None:
        self._database = database
        self._store = store
        self._editing = EditingRepository()

    async def sound_of(self, user_id: UUID, table: Table, line_id: str) -> ArtifactRef:
        """The voice of a line, alone. Raises LineNotFoundError (404), NotSpokenError (409)."""
        line = next((line for line in table.lines if line.id == line_id), None)
        if line is None:
            raise LineNotFoundError(line_id)
        said: SpokenSegment | None = table.as_heard(line)
        if said is None and not line.translating:
            async with self._database.user_transaction(user_id) as connection:
                chunks = await self._editing.spoken(connection, user_id, table.job_id, table.language)
            said = await self._spoken(line, chunks)
        if said is None:
            raise NotSpokenError(line_id)
        if said.audio is None:
            raise LineNotFoundError(line_id)
        return said.audio

    async def _spoken(self, line: Line, chunks: list[SpokenChunk]) -> SpokenSegment | None:
        """The line among what was spoken so far for a rendering at work, if it says what the line says."""
        if not chunks:
            return None
        chunk = chunks[chunk_begun(line, [chunk.start for chunk in chunks])]
        speech = await self._store.read_document(chunk.speech, Speech)
        return next((segment for segment in speech.segments if line.is_said_by(segment)), None)
