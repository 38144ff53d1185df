"""Password hashes (argon2id) and what a password must be."""

import asyncio
import contextlib
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib.resources import files
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import Type
from octavia_common.errors import TransientError

from octavia_gateway.problems import ApiError

MIN_LENGTH, MAX_LENGTH = 8, 256
"""NIST SP 800-63B: at least 8, no rules of composition; the upper bound only limits the work."""

COMMON = frozenset((files("octavia_gateway.auth") / "common-passwords.txt").read_text("utf-8").split())
"""What guessers try first and is long enough to pass otherwise."""


MOST_WAITING = 32
"""Passwords that wait to be hashed; with more, whoever came last would wait for seconds."""

T = TypeVar("T")


class PasswordsBusyError(TransientError):
    """More log-ins at once than can be hashed soon."""

    code = "logins_busy"


class WeakPasswordError(ApiError):
    """The password breaks a rule; the message lists them all."""

    status = 422
    code = "weak_password"

    def __init__(self) -> None:
        super().__init__(
            f"Choose a password of {MIN_LENGTH} to {MAX_LENGTH} characters that is not among the most common "
            "ones and does not contain your e-mail address.",
            min_length=MIN_LENGTH,
            max_length=MAX_LENGTH,
        )


def check_password(password: str, email: str) -> None:
    """Raises WeakPasswordError for a password that is too easy to guess."""
    folded = password.casefold()
    too_common = folded in COMMON or len(set(folded)) < 3
    if not MIN_LENGTH <= len(password) <= MAX_LENGTH or too_common or email.casefold() in folded:
        raise WeakPasswordError


class Passwords:
    """Hashes and verifies in threads of its own, so that a storm of log-ins takes no others' threads.

    `threads` at a time (0: all cores but one), since each takes a core and tens of MiB, and only some may
    wait for them. They have no lower priority: one that is put off while it holds the interpreter's lock
    would put off the event loop with it.
    """

    def __init__(self, *, memory_kib: int, time_cost: int, threads: int = 0) -> None:
        self._hasher = PasswordHasher(
            time_cost=time_cost, memory_cost=memory_kib, parallelism=1, hash_len=32, salt_len=16, type=Type.ID
        )
        workers = threads or max(1, len(os.sched_getaffinity(0)) - 1)
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="argon2")
        self._room = workers + MOST_WAITING
        self._nobody = self._hasher.hash("nobody has this password")

    async def hash(self, password: str) -> str:
        """A new argon2id hash in PHC format. Raises PasswordsBusyError (503)."""
        return await self._in_turn(lambda: self._hasher.hash(password))

    async def verify(self, stored: str | None, password: str) -> bool:
        """Whether `password` is the one. None, for no such account, takes as long as any other.

        Raises PasswordsBusyError (503).
        """
        return await self._in_turn(lambda: self._verify(stored or self._nobody, password, stored is not None))

    def check_room(self) -> None:
        """Raises PasswordsBusyError (503) while as many wait as may."""
        if self._room <= 0:
            raise PasswordsBusyError("Very many people log in just now. Try again in a few seconds.")

    async def _in_turn(self, work: Callable[[], T]) -> T:
        self.check_room()
        self._room -= 1
        future = self._threads.submit(work)
        # Freed when the thread is done with it, not when its caller has gone: what runs cannot be recalled.
        loop = asyncio.get_running_loop()
        future.add_done_callback(lambda _: _unless_closed(loop, self._free))
        return await asyncio.wrap_future(future)

    def _free(self) -> None:
        self._room += 1

    def _verify(self, stored: str, password: str, exists: bool) -> bool:
        try:
            self._hasher.verify(stored, password)
        except (VerificationError, InvalidHashError):
            return False
        return exists

    def outdated(self, stored: str) -> bool:
        """Whether the hash was made with other parameters than today's."""
        return self._hasher.check_needs_rehash(stored)

    def close(self) -> None:
        """End the threads."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def _unless_closed(loop: asyncio.AbstractEventLoop, call: Callable[[], None]) -> None:
    with contextlib.suppress(RuntimeError):  # the loop ended before the thread
        loop.call_soon_threadsafe(call)
