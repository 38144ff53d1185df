"""A name server of some lines: answers A and AAAA from a table over UDP (RFC 1035)."""

import asyncio
import socket
import struct
from collections import Counter
from collections.abc import Mapping, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import cast

A, CNAME, AAAA = 1, 5, 28


class NameServer(asyncio.DatagramProtocol):
    """Each asking for a name and type takes the next tuple of its answers; the last one stays."""

    def __init__(self, table: Mapping[str, Sequence[Sequence[str]]]) -> None:
        self._table = table
        self._asked: Counter[tuple[str, int]] = Counter()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, sender: tuple[str, int]) -> None:
        name, kind, question = _question(data)
        answers = self._answers(name, kind) if name in self._table else []
        found = 0x8580 if name in self._table else 0x8583
        head = data[:2] + struct.pack(">HHHHH", found, 1, len(answers), 0, 0)
        self._transport.sendto(head + question + b"".join(answers), sender)

    def forget(self) -> None:
        """Begin with the first answers again."""
        self._asked.clear()

    def _answers(self, name: str, kind: int) -> list[bytes]:
        turns = self._table[name]
        turn = min(self._asked[name, kind], len(turns) - 1)
        self._asked[name, kind] += 1
        records: list[bytes] = []
        for text in turns[turn]:
            if text.startswith("CNAME "):
                other = text.removeprefix("CNAME ")
                records += [_record(name, CNAME, _encoded(other)), *self._answers(other, kind)]
            else:
                address = ip_address(text)
                if (kind == A and isinstance(address, IPv4Address)) or (
                    kind == AAAA and isinstance(address, IPv6Address)
                ):
                    records.append(_record(name, kind, address.packed))
        return records


def _question(data: bytes) -> tuple[str, int, bytes]:
    labels, place = [], 12
    while data[place]:
        labels.append(data[place + 1 : place + 1 + data[place]].decode("ascii").lower())
        place += data[place] + 1
    (kind,) = struct.unpack_from(">H", data, place + 1)
    return ".".join(labels), kind, data[12 : place + 5]


def _encoded(name: str) -> bytes:
    return b"".join(bytes((len(label),)) + label.encode() for label in name.split(".")) + b"\0"


def _record(name: str, kind: int, data: bytes) -> bytes:
    """A record that nobody may keep: its time to live is 0."""
    return _encoded(name) + struct.pack(">HHIH", kind, 1, 0, len(data)) + data


async def serve(address: str, table: Mapping[str, Sequence[Sequence[str]]]) -> NameServer:
    """Answer at port 53 of `address`."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    listener.bind((address, 53))
    _, server = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: NameServer(table), sock=listener
    )
    return server
