"""Replicas are killed, and whoever listened resumes on another: nothing is lost, nothing comes twice."""

import asyncio
import contextlib
import os
import random
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from octavia_common.database import Database
from octavia_gateway.events.log import Draft, EventLog

pytestmark = pytest.mark.integration

USERS = 4
LISTENERS_A_USER = 5
REPLICAS = 3
LARGE = 9000
"""Bytes of an event that fits into no notice and is read from the log."""


@dataclass(frozen=True)
class Replica:
    """One process that can be killed."""

    pid: int
    port: int


class Nursery:
    """Starts replicas and kills them."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.alive: list[Replica] = []

    async def add(self) -> None:
        """One more replica; it takes connections at once and answers when it is ready."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(b"fork\n")
        line = await asyncio.wait_for(self._process.stdout.readline(), 60)
        pid, port = line.split()
        self.alive.append(Replica(int(pid), int(port)))

    def kill(self, replica: Replica) -> None:
        """SIGKILL: nothing is said to anybody."""
        self.alive.remove(replica)
        os.kill(replica.pid, signal.SIGKILL)


@asynccontextmanager
async def nursery(database_url: str) -> AsyncIterator[Nursery]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(Path(__file__).with_name("nursery.py")),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env={
            **os.environ,
            "DATABASE_URL": database_url,
            "JWT_SECRET": "a secret of thirty-two characters",
            "RATE_LIMIT_REQUESTS": "1000000/minute",
        },
    )
    try:
        made = Nursery(process)
        for _ in range(REPLICAS):
            await made.add()
        yield made
    finally:
        assert process.stdin is not None
        process.stdin.close()
        await asyncio.wait_for(process.wait(), 30)


class Listener:
    """A browser: reads its stream, and connects again, elsewhere, when it breaks.

    `replica` is where it listens now, `times` how often its stream was opened.
    """

    def __init__(self, user_id: UUID, replicas: Nursery, chance: random.Random) -> None:
        self.user_id = user_id
        self.last_id = 0
        self.times = 0
        self.faults: list[str] = []
        self.replica: Replica | None = None
        self._replicas = replicas
        self._chance = chance

    async def run(self) -> None:
        """Listen until cancelled."""
        before: Replica | None = None
        while True:
            choice = [replica for replica in self._replicas.alive if replica != before]
            before = self._chance.choice(choice)
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                await self._listen(before)
            self.replica = None

    async def _listen(self, replica: Replica) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", replica.port)
        try:
            writer.write(
                f"GET /api/v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {self.user_id}\r\n"
                f"Last-Event-ID: {self.last_id}\r\n\r\n".encode()
            )
            head = await reader.readuntil(b"\r\n\r\n")
            if b" 200 " not in head.partition(b"\r\n")[0]:
                self.faults.append(head.decode())
            self.replica = replica
            self.times += 1
            received = b""
            while size := int(await reader.readline(), 16):
                received += (await reader.readexactly(size + 2))[:-2]
                # What was cut off in the middle counts as never come, as in a browser.
                *events, received = received.split(b"\n\n")
                for event in events:
                    self._take(event)
        except ValueError as error:
            if not reader.at_eof():
                self.faults.append(repr(error))
        finally:
            writer.close()

    def _take(self, event: bytes) -> None:
        if not event.startswith(b"id: "):
            return
        number = int(event.split(b"\n", 1)[0][4:])
        if number != self.last_id + 1:
            self.faults.append(f"{number} after {self.last_id}")
        self.last_id = number


class Writer:
    """Writes events to the log without pause, as several projections do at once."""

    def __init__(self, database: Database, users: list[UUID], seed: int) -> None:
        self._database = database
        self._users = users
        self._chance = random.Random(seed)
        self._log = EventLog()
        self.stopping = False

    async def run(self) -> None:
        while not self.stopping:
            drafts = [self._draft() for _ in range(self._chance.randint(1, 5))]
            async with self._database.transaction() as connection:
                await self._log.append(connection, drafts)
                await asyncio.sleep(self._chance.uniform(0, 0.01))
            await asyncio.sleep(self._chance.uniform(0, 0.02))

    def _draft(self) -> Draft:
        size = LARGE if self._chance.random() < 0.05 else self._chance.randint(10, 1000)
        return Draft(self._chance.choice(self._users), uuid4(), "job.updated", f'{{"text":"{"x" * size}"}}')


async def killing(gateway_url: str, *, kills: int, seed: int) -> int:
    """Kill `kills` replicas one after another; how often a listener resumed on another."""
    chance = random.Random(seed)
    users = [uuid4() for _ in range(USERS)]
    database = Database(gateway_url, schema="gateway", pool_size=3)
    await database.open()
    writers = [Writer(database, users, seed + number) for number in range(2)]
    try:
        async with nursery(gateway_url) as replicas:
            listeners = [
                Listener(user, replicas, random.Random(seed + 100 + number))
                for number, user in enumerate(users * LISTENERS_A_USER)
            ]
            running = [asyncio.create_task(listener.run()) for listener in listeners]
            writing = [asyncio.create_task(writer.run()) for writer in writers]
            for _ in range(kills):
                await asyncio.sleep(chance.uniform(0, 0.1))
                while not (
                    listened_to := [one.replica for one in listeners if one.replica in replicas.alive]
                ):
                    await asyncio.sleep(0.01)
                replicas.kill(chance.choice(listened_to))
                await replicas.add()
            for writer in writers:
                writer.stopping = True
            await asyncio.gather(*writing)
            async with database.transaction() as connection:
                rows = await connection.fetch("SELECT user_id, last_seq FROM user_streams")
            newest = {row["user_id"]: row["last_seq"] for row in rows}
            async with asyncio.timeout(30):
                while any(listener.last_id < newest[listener.user_id] for listener in listeners):
                    await asyncio.sleep(0.05)
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)
    finally:
        await database.close()
    assert [fault for listener in listeners for fault in listener.faults] == []
    assert [listener.last_id for listener in listeners] == [
        newest[listener.user_id] for listener in listeners
    ]
    return sum(listener.times - 1 for listener in listeners)


async def test_listeners_of_killed_replicas_lose_and_repeat_nothing(gateway_url: str) -> None:
    assert await killing(gateway_url, kills=20, seed=1) >= 20


@pytest.mark.slow
@pytest.mark.timeout(1800)
async def test_listeners_of_a_thousand_killed_replicas_lose_and_repeat_nothing(gateway_url: str) -> None:
    seed = random.randrange(10**9)
    print(f"seed {seed}")
    assert await killing(gateway_url, kills=1000, seed=seed) >= 1000
