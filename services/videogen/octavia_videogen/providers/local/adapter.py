"""The adapter for this machine's own renderer: a queue in the service's database, shared by its replicas."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from uuid import UUID

from octavia_common.artifacts import ArtifactStore
from octavia_common.database import UNAVAILABLE, Database
from octavia_common.errors import ArtifactMissingError

from octavia_videogen.domain.errors import (
    LookFailedError,
    OrderDeferredError,
    ResultGoneError,
    TaskUnknownError,
)
from octavia_videogen.domain.rate import RateLimit
from octavia_videogen.domain.states import ProviderState
from octavia_videogen.providers.base import Order, PictureBy, Record, Sent
from octavia_videogen.providers.local.workers import RenderWorkers
from octavia_videogen.repositories.renders import RenderRepository
from octavia_videogen.results.keys import result_key


class LocalProvider:
    """Draws placeholders. An order stands in a table, so it survives whoever was drawing it."""

    name = "local"
    picture_by = PictureBy.REFERENCE
    order_limit: RateLimit | None = None
    lost_orders_may_return = False
    orders_are_listed = False
    orders_are_idempotent = True
    results_are_addresses = False

    def __init__(self, database: Database, store: ArtifactStore, workers: RenderWorkers) -> None:
        self._database = database
        self._store = store
        self._workers = workers
        self._renders = RenderRepository()

    async def start(self) -> None:
        await self._workers.check()

    async def close(self) -> None:
        """The workers end with the service."""

    def put_on_record(self, order: Order) -> Sent:
        return Sent(order.form.model, order.form.filled(order.spec))

    async def create(self, order: Order) -> str:
        picture = order.picture.ref if order.picture is not None else None
        try:
            async with self._database.transaction() as connection:
                await self._renders.add(connection, order.hold_id, order.user_id, order.spec, picture)
        except UNAVAILABLE as error:
            raise OrderDeferredError(type(error).__name__) from None
        self._workers.wake()
        return str(order.hold_id)

    async def listed(self, sent: Sent, ordered_at: datetime) -> Sequence[str]:
        return ()

    async def look(self, task: str) -> Record:
        try:
            found = await self._renders.state(self._database.pool, UUID(task))
        except UNAVAILABLE as error:
            raise LookFailedError(type(error).__name__) from None
        if found is None:
            raise TaskUnknownError
        state, figure, reason, user_id = found
        key = result_key(user_id, UUID(task), "clip")
        return Record(
            state=ProviderState(state),
            figure=figure,
            results=(key,) if state == ProviderState.SUCCESS else (),
            reason=reason,
        )

    async def cancel(self, task: str) -> bool:
        try:
            await self._renders.drop(self._database.pool, UUID(task))
        except UNAVAILABLE as error:
            raise LookFailedError(type(error).__name__) from None
        return True

    async def fetch(self, task: str, result: str, path: Path) -> None:
        ref = await self._store.stat(result)
        if ref is None:
            raise ResultGoneError
        try:
            await self._store.fetch(ref, path)
        except ArtifactMissingError:
            raise ResultGoneError from None

    async def still_there(self, result: str) -> bool:
        return await self._store.stat(result) is not None
