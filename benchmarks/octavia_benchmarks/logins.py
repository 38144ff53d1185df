"""What a storm of logins does to people who only read their jobs, and how fast passwords can be guessed."""

import asyncio
import json
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from octavia_local.settings import SERVICES

from octavia_benchmarks.driver import user_of
from octavia_benchmarks.raw_http import Line, request
from octavia_benchmarks.results import Figure, higher_is_better, lower_is_better, percentile
from octavia_benchmarks.sources import Sources
from octavia_benchmarks.stack import make_platform, servers

TARGET = 1 / 1.5
"""Job reads may take 1.5 times as long at p99."""

LOGINS_A_SECOND = 200.0
_READS_A_SECOND = 40.0
_SECONDS, _QUICK_SECONDS = 6.0, 2.0
_ROUNDS, _QUICK_ROUNDS = 6, 1
"""Short turns, so that whatever else the machine does falls on both alike."""

_GUESSES, _QUICK_GUESSES = 40, 8

_SETTINGS = {"TRUSTED_PROXIES": "127.0.0.1", "RATE_LIMIT_LOGINS": "30/minute"}
_RUNNING = ("gateway", "billing")


async def measure(*, quick: bool) -> tuple[list[Figure], list[str]]:
    """Reads in turns without and with the storm, on a gateway as it is delivered; then guesses."""
    seconds = _QUICK_SECONDS if quick else _SECONDS
    workers = {name: int(name in _RUNNING) for name in SERVICES}
    calm: list[float] = []
    stormy: list[float] = []
    answers: Counter[str] = Counter()
    with servers() as on, make_platform(on, _SETTINGS, workers=workers) as platform:
        port = urlsplit(platform.url).port or 0
        (source,) = Sources(on.directory / "sources").some(1)
        async with user_of(platform.url) as user:
            read = request(
                "GET",
                f"/api/v1/jobs/{await user.prepare(source)}",
                Authorization=user.api.http.headers["Authorization"],
            )
            await _reads(port, read, 2.0)
            for _ in range(_QUICK_ROUNDS if quick else _ROUNDS):
                calm += await _reads(port, read, seconds)
                async with _storm(port, answers):
                    stormy += await _reads(port, read, seconds)
            hash_rate, guess_rate = await _guessing(port, _QUICK_GUESSES if quick else _GUESSES)
    quiet, loud = percentile(calm, 0.99) * 1000, percentile(stormy, 0.99) * 1000
    told = ", ".join(f"{count} × {status}" for status, count in sorted(answers.items()))
    return [
        lower_is_better("job_read_p99_in_login_storm", loud, "ms", baseline=quiet, target=TARGET),
        higher_is_better("argon2_over_guesses", hash_rate, "1/s", baseline=guess_rate, target=1.0),
    ], [
        f"logins: {LOGINS_A_SECOND:.0f} logins/s, each from another address to another account ({told}), "
        f"beside {_READS_A_SECOND:.0f} reads/s of a job; p50 {percentile(calm, 0.5) * 1000:.1f} ms calm, "
        f"{percentile(stormy, 0.5) * 1000:.1f} ms in the storm; the target 0.67 is 1.5 times as long.",
        f"logins-guessing: the gateway hashes {hash_rate:.1f} passwords/s; one address at one account gets "
        f"{guess_rate:.2f} guesses/s through in the first minute, about 100 in a day.",
    ]


async def _reads(port: int, read: bytes, seconds: float) -> list[float]:
    """Times of reads sent at a steady rate, from the moment at which each was due."""
    times: list[float] = []
    running: list[asyncio.Task[None]] = []
    free: list[Line] = []

    async def one(due: float) -> None:
        line = free.pop() if free else Line("127.0.0.1", port)
        status = await line.ask(read)
        times.append(time.perf_counter() - due)
        free.append(line)
        if status != 200:
            raise RuntimeError(f"a read was answered {status}")

    begun = time.perf_counter()
    for number in range(int(seconds * _READS_A_SECOND)):
        due = begun + number / _READS_A_SECOND
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        running.append(asyncio.create_task(one(due)))
    await asyncio.gather(*running)
    for line in free:
        line.close()
    return times


@asynccontextmanager
async def _storm(port: int, answers: Counter[str]) -> AsyncIterator[None]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "octavia_benchmarks.login_storm", str(port), str(LOGINS_A_SECOND)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        await asyncio.sleep(1.5)  # until it is up and the queue of passwords full
        yield
        said, _ = await process.communicate(b"")
        answers.update(json.loads(said))
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def _guessing(port: int, guesses: int) -> tuple[float, float]:
    """Passwords that the gateway hashes a second, and guesses of one caller that it lets through a second."""
    with Line("127.0.0.1", port) as line:
        begun = time.perf_counter()
        for number in range(guesses):
            address = f"198.51.{number // 250}.{number % 250 + 1}"
            body = {"email": f"g{number}@example.org", "password": "not the right one"}
            await line.ask(request("POST", "/api/v1/auth/login", body, X_Forwarded_For=address))
        hash_rate = guesses / (time.perf_counter() - begun)
        passed, begun = 0, time.perf_counter()
        while time.perf_counter() - begun < (5.0 if guesses < _GUESSES else 60.0):
            body = {"email": "ada@example.org", "password": "not the right one"}
            passed += (
                await line.ask(request("POST", "/api/v1/auth/login", body, X_Forwarded_For="203.0.113.9"))
                == 401
            )
            await asyncio.sleep(0.05)
        return hash_rate, passed / (time.perf_counter() - begun)
