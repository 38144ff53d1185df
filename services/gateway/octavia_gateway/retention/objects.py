"""What lies below a prefix of the object store, a bounded number of keys at a time."""

from collections.abc import AsyncIterator

from octavia_common.artifacts import ArtifactStore

KEYS = 500
"""Keys that are looked at together."""


async def keys_below(store: ArtifactStore, prefix: str) -> AsyncIterator[list[str]]:
    """All keys that begin with `prefix`, in lists of at most KEYS."""
    batch: list[str] = []
    async for key in store.list_keys(prefix):
        batch.append(key)
        if len(batch) == KEYS:
            yield batch
            batch = []
    if batch:
        yield batch


async def abort_unfinished(store: ArtifactStore, prefix: str) -> None:
    """Gives up every multipart upload below `prefix`, and what the store keeps of it."""
    async for lost in store.multipart.unfinished(prefix):
        await store.multipart.abort(lost.key, lost.upload_id)
