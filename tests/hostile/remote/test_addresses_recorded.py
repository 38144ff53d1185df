"""The same URLs without a network: every connection that the fetcher would make is written down instead.

Says less than `test_addresses_inside.py` (the system's resolver and the kernel's routes are not in it), and
runs on every machine.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from ipaddress import ip_address

import pytest
from octavia_common.errors import OctaviaError
from octavia_common.remote import http
from octavia_common.remote.addresses import Address, AddressPolicy
from octavia_common.remote.resolving import Guard
from octavia_common.remote.source import Pace, RemoteSource
from octavia_common.remote.targets import Target

from .outside import answer
from .vectors import NAMES, OUTSIDE, OUTSIDE_V6, OWN_PUBLIC, Vector, vectors

VECTORS = vectors()
TABLE = {**NAMES, "hosts.example": (("10.0.0.5",),), "ten": (("10.0.0.5",),)}


class Table:
    """Answers names from the table, at each asking the next time."""

    def __init__(self) -> None:
        self._asked: dict[str, int] = {}

    async def addresses(self, name: str) -> Sequence[str]:
        if name not in TABLE:
            raise OSError("no such name")
        turns = TABLE[name]
        turn = self._asked.get(name, 0)
        self._asked[name] = turn + 1
        found: list[str] = []
        for text in turns[min(turn, len(turns) - 1)]:
            alias = text.removeprefix("CNAME ")
            found += [text] if alias == text else await self.addresses(alias)
        return found


@pytest.fixture
async def connected(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[list[str]]:
    """Addresses that were connected to; those of the server outside lead to one of this process."""
    made: list[str] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        writer.write(answer(head.split(b" ")[1].decode(), b"a good file"))
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    here = server.sockets[0].getsockname()

    async def connect(
        target: Target, address: Address, tls: object
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        made.append(f"{address} {target.port}")
        if str(address) not in (OUTSIDE, OUTSIDE_V6):
            raise ConnectionRefusedError
        return await asyncio.open_connection(*here)

    monkeypatch.setattr(http, "_connect_to", connect)
    yield made
    server.close()
    await server.wait_closed()


def source(own: Callable[[Address], bool] = lambda address: str(address) == OWN_PUBLIC) -> RemoteSource:
    guard = Guard(Table(), AddressPolicy(own=own))
    return RemoteSource(guard, ports={80, 443}, pace=Pace(idle_seconds=3))


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector.name)
async def test_only_the_server_outside_is_connected_to(vector: Vector, connected: list[str]) -> None:
    try:
        async with source().opened(vector.url) as file:
            async for _ in file.chunks:
                pass
    except OctaviaError as error:
        assert error.status in (422, 503)
    assert set(connected) <= {f"{OUTSIDE} 80", f"{OUTSIDE_V6} 80"}


async def test_good_urls_are_connected_to(connected: list[str]) -> None:
    async with source().opened("http://good.example/redirect/302?%2Ffile.mp4") as file:
        assert b"".join([chunk async for chunk in file.chunks]) == b"a good file"
    assert connected == [f"{OUTSIDE} 80"] * 2
    assert file.filename == "file.mp4"


@pytest.mark.parametrize(
    "text",
    ["8.8.8.8", "1.1.1.1", "172.32.0.1", "100.128.0.1", "192.0.1.1", "198.20.0.1", "2606:4700::1111",
     "2a00:1450::1", "2400:cb00::1", "64:ff9b::808:808"],
)  # fmt: skip
def test_public_addresses_are_public(text: str) -> None:
    assert AddressPolicy(own=lambda _: False).permits(ip_address(text))
