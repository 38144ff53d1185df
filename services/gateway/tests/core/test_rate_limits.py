"""Limits shared by replicas, slow doors for guessers, and whose word about addresses is believed."""

import asyncio
import threading
from collections import Counter
from typing import Any

import httpx
import pytest
import uvicorn
from octavia_gateway.app import build_app
from octavia_gateway.auth.passwords import MOST_WAITING, Passwords, PasswordsBusyError
from octavia_gateway.main import server_config
from octavia_gateway.rate_limits import guessing
from octavia_gateway.rate_limits.errors import RateLimitedError
from octavia_gateway.rate_limits.limiter import RateLimiter
from octavia_gateway.rate_limits.rates import Rate

from .conftest import MakeWorld
from .world import PASSWORD, World

pytestmark = pytest.mark.integration

HOUR = 3600
"""Allowances of an hour come back too slowly for a test to see any of it."""


async def let_through(limiter: RateLimiter, rate: Rate, who: str, calls: int) -> int:
    async def call() -> bool:
        try:
            await limiter.hit(rate, who)
        except RateLimitedError:
            return False
        return True

    return sum(await asyncio.gather(*(call() for _ in range(calls))))


async def test_replicas_share_a_narrow_limit_exactly(make_world: MakeWorld) -> None:
    world = await make_world()
    await world.add_replica()
    rate = Rate("narrow", 20, HOUR)
    limiters = [replica.gateway.resources.limiter for replica in world.replicas]
    counts = await asyncio.gather(*(let_through(limiter, rate, "user:a", 15) for limiter in limiters))
    assert sum(counts) == 20
    assert await let_through(limiters[0], rate, "user:b", 1) == 1


async def test_replicas_share_a_wide_limit_up_to_their_leases(make_world: MakeWorld) -> None:
    world = await make_world()
    await world.add_replica()
    rate = Rate("wide", 1000, HOUR)
    assert rate.lease == 20
    first, second = (replica.gateway.resources.limiter for replica in world.replicas)
    assert await let_through(second, rate, "user:a", 1) == 1  # takes a lease and spends one of it
    passed = await let_through(first, rate, "user:a", 1000)
    assert passed == 1000 - rate.lease
    assert await let_through(second, rate, "user:a", 1000) == rate.lease - 1


async def test_a_busy_or_refused_caller_costs_the_database_little(
    make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = await make_world()
    limiter = world.replicas[0].gateway.resources.limiter
    rate = Rate("wide", 1000, HOUR)
    asked = 0
    take = limiter._repository.take

    async def counted(*arguments: Any) -> Any:
        nonlocal asked
        asked += 1
        return await take(*arguments)

    monkeypatch.setattr(limiter._repository, "take", counted)
    assert await let_through(limiter, rate, "user:a", 5000) == 1000
    assert asked == 1000 // rate.lease + 1
    assert await let_through(limiter, rate, "user:a", 1000) == 0
    assert asked == 1000 // rate.lease + 1


async def test_a_limit_comes_back_evenly(make_world: MakeWorld) -> None:
    world = await make_world()
    limiter = world.replicas[0].gateway.resources.limiter
    rate = Rate("quick", 5, 1)
    assert await let_through(limiter, rate, "user:a", 20) == 5
    with pytest.raises(RateLimitedError) as refused:
        await limiter.hit(rate, "user:a")
    assert refused.value.headers["Retry-After"] == "1"
    await asyncio.sleep(1.2)
    assert await let_through(limiter, rate, "user:a", 20) == 5


async def test_buckets_that_are_full_again_are_forgotten(make_world: MakeWorld) -> None:
    world = await make_world()
    limiter = world.replicas[0].gateway.resources.limiter
    await limiter.hit(Rate("over", 1000, 1), "user:a")
    await limiter.hit(Rate("under", 2, HOUR), "user:a")
    await asyncio.sleep(0.1)
    await world.replicas[0].gateway.housekeeping.round()
    async with world.database.transaction() as connection:
        assert await connection.fetchval("SELECT count(*) FROM rate_limits WHERE granted > 0") >= 1
        assert (
            await connection.fetchval(
                "SELECT count(*) FROM rate_limits WHERE full_at < extract(epoch FROM now() - interval '1 s')"
            )
            == 0
        )


async def log_in(client: httpx.AsyncClient, email: str, password: str) -> httpx.Response:
    return await client.post("/api/v1/auth/login", json={"email": email, "password": password})


async def test_each_wrong_password_after_some_doubles_the_wait_on_every_replica(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guessing, "FIRST_DELAY_SECONDS", 50.0)
    member = await world.register()
    await world.add_replica()
    wrong = [await log_in(world.client, member.email, f"wrong {number}") for number in range(5)]
    assert [answer.status_code for answer in wrong] == [401] * 5
    shut = await log_in(world.replicas[1].client, member.email, PASSWORD)
    assert (shut.status_code, shut.json()["code"]) == (429, "login_delayed")
    waits = [int(shut.headers["retry-after"])]
    for _ in range(4):
        await time_passes(world)
        assert (await log_in(world.client, member.email, "wrong")).status_code == 401
        waits.append(int((await log_in(world.client, member.email, "wrong")).headers["retry-after"]))
    for wait, expected in zip(waits, [50, 100, 200, 400, 800], strict=True):
        assert expected - 20 < wait <= expected  # a slow machine takes some seconds from one to the next
    await time_passes(world)
    assert (await log_in(world.client, member.email, PASSWORD)).status_code == 200
    assert (await log_in(world.client, member.email, "wrong")).status_code == 401  # all is forgotten


async def test_guesses_made_at_once_gain_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guessing, "FIRST_DELAY_SECONDS", 600.0)
    member = await world.register()
    answers = await asyncio.gather(*(log_in(world.client, member.email, f"guess {n}") for n in range(30)))
    assert Counter(answer.status_code for answer in answers) == {401: 5, 429: 25}


async def test_an_address_and_an_account_have_their_allowance(make_world: MakeWorld) -> None:
    world = await make_world(rate_limit_logins="6/hour")
    many = [await log_in(world.client, f"{n}@example.org", "wrong horse") for n in range(8)]
    assert [answer.status_code for answer in many] == [401] * 6 + [429] * 2
    assert many[6].json()["code"] == "rate_limited"
    assert int(many[6].headers["retry-after"]) > 500
    guard = world.replicas[0].gateway.resources.guard
    for number in range(6):
        await guard.logging_in(f"address:192.0.2.{number}", "ada@example.org")
    with pytest.raises(RateLimitedError):
        await guard.logging_in("address:192.0.2.99", "ADA@example.org")


async def test_forwarded_addresses_are_believed_from_trusted_proxies_only(make_world: MakeWorld) -> None:
    world = await make_world(rate_limit_logins="2/hour")
    trusting = world.settings.model_copy(update={"trusted_proxies": "127.0.0.1"})
    for settings, expected in ((world.settings, [401, 401, 429, 429]), (trusting, [401] * 4)):
        config = server_config(settings, build_app(world.replicas[0].gateway.resources))
        async with serving(config) as client:
            answers = [
                await client.post(
                    "/api/v1/auth/login",
                    json={"email": f"{settings.trusted_proxies}{n}@example.org", "password": "wrong horse"},
                    headers={"X-Forwarded-For": f"203.0.113.{n}"},
                )
                for n in range(4)
            ]
        assert [answer.status_code for answer in answers] == expected
    # A caller behind the proxy cannot put another's address in front of its own: the last one counts.
    async with serving(server_config(trusting, build_app(world.replicas[0].gateway.resources))) as client:
        answers = [
            await client.post(
                "/api/v1/auth/login",
                json={"email": f"x{n}@example.org", "password": "wrong horse"},
                headers={"X-Forwarded-For": f"198.51.100.{n}, 203.0.113.77"},
            )
            for n in range(3)
        ]
    assert [answer.status_code for answer in answers] == [401, 401, 429]


async def test_passwords_that_nobody_could_wait_for_are_refused() -> None:
    passwords = Passwords(memory_kib=64, time_cost=1, threads=1)
    go_on = threading.Event()
    try:
        passwords._threads.submit(go_on.wait)
        hashing = [asyncio.create_task(passwords.hash("x")) for _ in range(MOST_WAITING + 1)]
        await asyncio.sleep(0)
        with pytest.raises(PasswordsBusyError):
            await passwords.hash("one too many")
        hashing[0].cancel()  # its caller has gone; its place is free only when it is out of the queue
        go_on.set()
        await asyncio.gather(*hashing, return_exceptions=True)
        assert await passwords.verify(await passwords.hash("x"), "x")
    finally:
        go_on.set()
        passwords.close()


async def time_passes(world: World) -> None:
    """The wait of every pair is over."""
    async with world.database.transaction() as connection:
        await connection.execute("UPDATE login_tries SET free_at = 0")


class serving:  # noqa: N801 - reads as a block
    """The server of a configuration on a free port, and its client."""

    def __init__(self, config: uvicorn.Config) -> None:
        config.host, config.port = "127.0.0.1", 0
        self.server = uvicorn.Server(config)

    async def __aenter__(self) -> httpx.AsyncClient:
        self.task = asyncio.create_task(self.server.serve())
        while not self.server.started:
            await asyncio.sleep(0.01)
        port = self.server.servers[0].sockets[0].getsockname()[1]
        self.client = httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=10)
        return self.client

    async def __aexit__(self, *_: object) -> None:
        await self.client.aclose()
        self.server.should_exit = True
        await self.task
