"""From a name to addresses that may be connected to; asked once, and what it says is what is used."""

import asyncio
import socket
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_address
from typing import Protocol

from octavia_common.remote.addresses import Address, AddressPolicy
from octavia_common.remote.errors import ForbiddenAddressError, RemoteUnreachableError
from octavia_common.remote.targets import Target

MOST_ADDRESSES = 64
RESOLVE_SECONDS = 15.0
THREADS = 4
"""Look-ups at a time: the system's resolver blocks, and a name server that never answers must not take the
threads that everything else needs."""


class Resolver(Protocol):
    """Knows names."""

    async def addresses(self, name: str) -> Sequence[str]:
        """All addresses of a name, as text.

        Raises:
            OSError, TimeoutError: it has none, or nobody knows.
        """


class SystemResolver:
    """The machine's own resolver, without its search list."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="resolve")

    async def addresses(self, name: str) -> Sequence[str]:
        """See `Resolver`."""
        loop = asyncio.get_running_loop()
        # The last dot: a name as it is, never completed by the search list of resolv.conf.
        look_up = loop.run_in_executor(
            self._threads, lambda: socket.getaddrinfo(f"{name}.", None, type=socket.SOCK_STREAM)
        )
        found = await asyncio.wait_for(look_up, RESOLVE_SECONDS)
        return list(dict.fromkeys(str(entry[4][0]) for entry in found))

    def close(self) -> None:
        """Let go of the threads; those that still wait for an answer end by themselves."""
        self._threads.shutdown(wait=False, cancel_futures=True)


class Guard:
    """Says where a target may be connected to."""

    def __init__(self, resolver: Resolver, policy: AddressPolicy) -> None:
        self._resolver = resolver
        self._policy = policy

    def check_literal(self, target: Target) -> None:
        """Refuse an address that the URL itself names. Raises ForbiddenAddressError."""
        if target.address is not None and not self._policy.permits(target.address):
            raise ForbiddenAddressError

    async def checked(self, target: Target) -> Sequence[Address]:
        """The addresses of a target, every one of them permitted.

        One that is not spoils all: a name that stands for a public and a private address is an attack, or
        a network whose inside is not ours to enter.

        Raises:
            ForbiddenAddressError, RemoteUnreachableError
        """
        if target.address is not None:
            found: list[Address] = [target.address]
        else:
            try:
                texts = await self._resolver.addresses(target.host)
            except (OSError, UnicodeError):  # TimeoutError is an OSError
                raise RemoteUnreachableError from None
            found = [_address(text) for text in texts]
        if not found:
            raise RemoteUnreachableError
        if len(found) > MOST_ADDRESSES or not all(self._policy.permits(address) for address in found):
            raise ForbiddenAddressError
        return found


def _address(text: str) -> Address:
    try:
        return ip_address(text)
    except ValueError:
        raise ForbiddenAddressError from None
