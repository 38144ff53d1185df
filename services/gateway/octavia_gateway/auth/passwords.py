"""Password hashes (argon2id) and what a password must be."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from importlib.resources import files

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import Type

from octavia_gateway.problems import ApiError

MIN_LENGTH, MAX_LENGTH = 8, 256
"""NIST SP 800-63B: at least 8, no rules of composition; the upper bound only limits the work."""

COMMON = frozenset((files("octavia_gateway.auth") / "common-passwords.txt").read_text("utf-8").split())
"""What guessers try first and is long enough to pass otherwise."""


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

    Two at a time: each takes a core and tens of MiB, and more at once would only be slower.
    """

    def __init__(self, *, memory_kib: int, time_cost: int) -> None:
        self._hasher = PasswordHasher(
            time_cost=time_cost, memory_cost=memory_kib, parallelism=1, hash_len=32, salt_len=16, type=Type.ID
        )
        self._threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="argon2")
        self._nobody = self._hasher.hash("nobody has this password")

    async def hash(self, password: str) -> str:
        """A new argon2id hash in PHC format."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._hasher.hash, password)

    async def verify(self, stored: str | None, password: str) -> bool:
        """Whether `password` is the one. None, for no such account, takes as long as any other."""
        return await asyncio.get_running_loop().run_in_executor(
            self._threads, self._verify, stored or self._nobody, password, stored is not None
        )

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
