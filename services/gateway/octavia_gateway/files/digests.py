"""SHA-256 of an upload that comes in several requests.

hashlib's state cannot be handed to another process. A process that receives an upload from its
first byte to its last has hashed it on the way and is done; where the upload moved between
replicas, or a request of it failed, the finished object is read once more to be hashed. So the
digest in a reference is always that of the stored bytes, and costs a second reading only after a
resume elsewhere.
"""

import asyncio
import hashlib
from collections import OrderedDict
from uuid import UUID

REMEMBERED = 1024
"""Uploads whose state is kept, at some hundred bytes each; the least recently used goes first."""


class RunningDigests:
    """States of this process, by upload, each valid at one count of whole parts only."""

    def __init__(self, remembered: int = REMEMBERED) -> None:
        self._remembered = remembered
        self._states: OrderedDict[UUID, tuple[int, hashlib._Hash]] = OrderedDict()

    def take(self, upload_id: UUID, parts: int) -> "hashlib._Hash | None":
        """The hash of the upload's first `parts` parts, to go on with; None where it is not known."""
        found_parts, state = self._states.pop(upload_id, (-1, None))
        if parts == 0:
            return hashlib.sha256()
        return state if found_parts == parts else None

    def put(self, upload_id: UUID, parts: int, state: "hashlib._Hash") -> None:
        """Keeps the hash of the upload's first `parts` parts for its next request."""
        self._states[upload_id] = (parts, state)
        self._states.move_to_end(upload_id)
        while len(self._states) > self._remembered:
            self._states.popitem(last=False)


class PartDigest:
    """A hash of parts as they fill, computed in a thread, one slice behind what comes in.

    `kept` is its state after the last whole part: what an unfinished part brought is not in it, for
    those bytes are hashed again by whoever goes on.
    """

    def __init__(self, state: "hashlib._Hash") -> None:
        self.kept = state
        self._state = state.copy()
        self._work: asyncio.Future[None] | None = None

    async def add(self, data: memoryview) -> None:
        """The next bytes; they must stay as they are until `settle` or the next `add` has returned."""
        await self.settle()
        self._work = asyncio.ensure_future(asyncio.to_thread(self._state.update, data))

    async def settle(self) -> None:
        """Waits until everything added is in the hash, also where the caller is cancelled meanwhile."""
        work, self._work = self._work, None
        if work is not None:
            await asyncio.shield(work)

    async def part_done(self) -> None:
        """What was added so far makes whole parts."""
        await self.settle()
        self.kept = self._state.copy()
