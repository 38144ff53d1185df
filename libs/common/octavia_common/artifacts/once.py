"""Make a thing only where it does not exist yet."""

from collections.abc import Awaitable, Callable

from octavia_common.artifacts.store import ArtifactStore
from octavia_common.events import ArtifactRef


async def made_once(
    store: ArtifactStore, key: str, make: Callable[[], Awaitable[ArtifactRef]]
) -> ArtifactRef:
    """The artifact under `key`; `make` runs only where nothing is there.

    This is idempotency under redelivery, resume after a crash and the free re-run at once. `make`
    must write under `key`, as its last step where it writes more than one object. Where two workers
    make it at the same time the first to write wins and both get the reference to its bytes.
    """
    found = await store.stat(key)
    if found is not None:
        return found
    made = await make()
    if made.key != key:
        raise ValueError(f"made {made.key} where {key} was asked for")
    return made
