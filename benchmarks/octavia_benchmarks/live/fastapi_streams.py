"""The baseline: the same streams as FastAPI's own `EventSourceResponse` makes them.

It hears of events as the gateway does (NOTIFY on one connection) and hands each to the queues of its user's
subscribers, a generator for each. It asks nobody for a token and reads no log, which is in its favour.
"""

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import asyncpg
import uvicorn
from fastapi import FastAPI
from fastapi.sse import EventSourceResponse, ServerSentEvent
from octavia_gateway.events.wire import CHANNEL, StreamEvent, read_notice

MOST_WAITING = 64
"""Events waiting for one subscriber; what the gateway's streams allow."""

subscribers: dict[UUID, set[asyncio.Queue[StreamEvent]]] = {}


def on_notify(_connection: object, _pid: int, _channel: str, payload: object) -> None:
    """Hand an event on to whoever wants it."""
    notice = read_notice(str(payload))
    if notice.event is not None:
        for queue in subscribers.get(notice.user_id, ()):
            if not queue.full():
                queue.put_nowait(notice.event)


@asynccontextmanager
async def listening(_: FastAPI) -> AsyncIterator[None]:
    """Listen for as long as the application serves."""
    connection = await asyncpg.connect(os.environ["DATABASE_URL"])
    await connection.add_listener(CHANNEL, on_notify)
    yield
    await connection.close()


app = FastAPI(lifespan=listening)


@app.get("/streams/{user_id}", response_class=EventSourceResponse)
async def follow(user_id: UUID) -> AsyncIterator[ServerSentEvent]:
    """Follow one user's events."""
    queue: asyncio.Queue[StreamEvent] = asyncio.Queue(MOST_WAITING)
    subscribers.setdefault(user_id, set()).add(queue)
    try:
        yield ServerSentEvent(id="0", raw_data="{}")
        while True:
            event = await queue.get()
            yield ServerSentEvent(id=str(event.seq), event=event.kind, raw_data=event.body)
    finally:
        subscribers[user_id].discard(queue)


def main() -> None:
    """Serve on port PORT until killed."""
    with socket.create_server(("127.0.0.1", int(os.environ["PORT"])), backlog=4096) as listener:
        config = uvicorn.Config(app, http="httptools", log_level="warning", access_log=False)
        asyncio.run(uvicorn.Server(config).serve([listener]))


if __name__ == "__main__":
    main()
