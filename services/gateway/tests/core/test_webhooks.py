"""Web hooks: users' own addresses are told how jobs end, whatever those addresses do."""

import asyncio
import base64
import hashlib
import hmac
import json
import random
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from octavia_gateway.webhooks import signing
from octavia_gateway.webhooks.schedule import WAITS, is_given_up, next_try
from octavia_gateway.webhooks.service import MOST_HOOKS

from .conftest import MakeWorld
from .events import JobEvents
from .world import Member, World

HOOKS = "/api/v1/webhooks"
NOW = datetime(2026, 11, 21, tzinfo=UTC)


def test_the_signature_is_that_of_the_specification() -> None:
    """The example that the implementations of Standard Webhooks are tried with."""
    made = signing.headers(
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        datetime.fromtimestamp(1614265330, UTC),
        '{"test": 2432232314}',
        ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
    )
    assert made == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_tries_are_spread_over_days_and_then_end() -> None:
    luck = random.Random(1)
    at, tries = NOW, 0
    while (later := next_try(tries + 1, at, luck)) is not None:
        assert WAITS[tries] <= later - at <= WAITS[tries] * 1.2
        at, tries = later, tries + 1
    assert tries == len(WAITS)
    assert timedelta(days=3) < at - NOW < timedelta(days=4)
    assert not is_given_up(None, NOW)
    assert not is_given_up(NOW - timedelta(days=4), NOW)
    assert is_given_up(NOW - timedelta(days=5), NOW)


class Receiver:
    """Somebody's server: keeps what it was sent, and answers as it is told."""

    def __init__(self) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.answers: list[int] = []
        self.hangs = False
        self._server: asyncio.Server | None = None

    @property
    def port(self) -> int:
        assert self._server is not None
        return int(self._server.sockets[0].getsockname()[1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook?for=us"

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        first, *lines = head.split("\r\n")
        assert first == "POST /hook?for=us HTTP/1.1"
        headers = dict(line.lower().split(": ", 1) for line in lines if line)
        original = dict(line.split(": ", 1) for line in lines if line)
        body = await reader.readexactly(int(headers["content-length"]))
        self.got.append(({name.lower(): value for name, value in original.items()}, body))
        if self.hangs:
            await asyncio.sleep(30)
        status = self.answers.pop(0) if self.answers else 204
        writer.write(f"HTTP/1.1 {status} X\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n".encode())
        await writer.drain()
        writer.close()

    def messages(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body in self.got]


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    await receiver.start()
    yield receiver
    await receiver.stop()


@pytest.fixture
async def world(make_world: MakeWorld, receiver: Receiver) -> World:
    return await make_world(
        webhook_ports=f"443,{receiver.port}", webhook_networks="127.0.0.0/8", webhook_insecure=True
    )


async def made(world: World, member: Member, url: str, *events: str) -> dict[str, Any]:
    body = {"url": url, **({"events": list(events)} if events else {})}
    answer = await world.client.post(HOOKS, json=body, headers=member.headers)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def finish_a_job(world: World, member: Member) -> str:
    created = await world.create_job(member)
    events = JobEvents(await world.submit(member, created["id"]), chunks=1)
    events.spec = events.spec.model_copy(update={"target_languages": ("es",)})
    await world.tell(*events.whole_run()[1:])
    return str(created["id"])


async def send(world: World) -> int:
    """Send what is due, and what waits to be tried again, too."""
    await world.database.pool.execute(
        "UPDATE webhook_deliveries SET next_at = clock_timestamp() WHERE next_at IS NOT NULL"
    )
    return await world.replicas[0].gateway.webhooks.sender.send_due()


async def log_of(world: World, member: Member, hook: dict[str, Any]) -> list[dict[str, Any]]:
    answer = await world.client.get(f"{HOOKS}/{hook['id']}/deliveries", headers=member.headers)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])


async def hook_now(world: World, member: Member, hook: dict[str, Any]) -> dict[str, Any]:
    return dict((await world.client.get(f"{HOOKS}/{hook['id']}", headers=member.headers)).json())


def rightly_signed(headers: dict[str, str], body: bytes, secret: str) -> bool:
    """Checked as a receiver does, by the words of the specification alone."""
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    digest = hmac.new(base64.b64decode(secret.removeprefix("whsec_")), signed, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}" in headers["webhook-signature"].split(" ")


@pytest.mark.integration
async def test_the_end_of_a_job_is_told_once_signed_and_as_a_poll_would_answer(
    world: World, receiver: Receiver
) -> None:
    member, other = await world.register(), await world.register()
    hook = await made(world, member, receiver.url)
    await made(world, other, receiver.url)
    deaf = await made(world, member, receiver.url, "video.failed")
    job_id = await finish_a_job(world, member)
    assert await send(world) == 1
    ((headers, body),) = receiver.got
    message = json.loads(body)
    assert message["type"] == "job.completed"
    assert message["data"] == await world.job(member, job_id)
    assert datetime.fromisoformat(message["timestamp"]).tzinfo is not None
    assert rightly_signed(headers, body, hook["secret"])
    assert not rightly_signed(headers, body + b" ", hook["secret"])
    assert headers["content-type"] == "application/json"
    (delivery,) = await log_of(world, member, hook)
    assert (delivery["event"], delivery["status"], delivery["last_status"]) == (
        "job.completed",
        "delivered",
        204,
    )
    assert headers["webhook-id"] == f"msg_{delivery['id']}"
    assert await log_of(world, member, deaf) == []
    assert await send(world) == 0


@pytest.mark.integration
async def test_what_is_not_answered_rightly_is_tried_again_under_the_same_id(
    world: World, receiver: Receiver
) -> None:
    member = await world.register()
    hook = await made(world, member, receiver.url)
    receiver.answers = [500, 302, 200]
    await finish_a_job(world, member)
    for tries in (1, 2, 3):
        assert await send(world) == 1
        (delivery,) = await log_of(world, member, hook)
        assert delivery["tries"] == tries
        if tries < 3:
            assert delivery["status"] == "waiting"
            assert delivery["next_try_at"] is not None
            assert (await hook_now(world, member, hook))["failing_since"] is not None
    assert (delivery["status"], delivery["last_error"]) == ("delivered", None)
    assert (await hook_now(world, member, hook))["failing_since"] is None
    assert len({headers["webhook-id"] for headers, _ in receiver.got}) == 1


@pytest.mark.integration
async def test_after_the_last_try_a_message_has_failed_and_can_be_sent_by_hand(
    world: World, receiver: Receiver
) -> None:
    member = await world.register()
    hook = await made(world, member, receiver.url)
    receiver.answers = [503] * (len(WAITS) + 1)
    await finish_a_job(world, member)
    for _ in range(len(WAITS) + 1):
        assert await send(world) == 1
    assert await send(world) == 0
    (delivery,) = await log_of(world, member, hook)
    assert (delivery["status"], delivery["last_error"], delivery["next_try_at"]) == (
        "failed",
        "Answered 503.",
        None,
    )
    replay = f"{HOOKS}/{hook['id']}/deliveries/{delivery['id']}/replay"
    again = await world.client.post(replay, headers=member.headers)
    assert (again.status_code, again.json()["status"]) == (202, "waiting")
    assert await send(world) == 1
    assert (await log_of(world, member, hook))[0]["status"] == "delivered"


@pytest.mark.integration
async def test_an_address_that_is_gone_is_told_nothing_more_until_it_is_enabled(
    world: World, receiver: Receiver
) -> None:
    member = await world.register()
    hook = await made(world, member, receiver.url)
    receiver.answers = [410]
    await finish_a_job(world, member)
    assert await send(world) == 1
    gone = await hook_now(world, member, hook)
    assert (gone["enabled"], gone["disabled_reason"]) == (False, "gone")
    await finish_a_job(world, member)
    assert await send(world) == 0
    enabled = await world.client.patch(
        f"{HOOKS}/{hook['id']}", json={"enabled": True}, headers=member.headers
    )
    assert (enabled.json()["enabled"], enabled.json()["disabled_reason"]) == (True, None)
    await finish_a_job(world, member)
    assert await send(world) == 1


@pytest.mark.integration
async def test_five_days_of_failures_disable_it(world: World, receiver: Receiver) -> None:
    member = await world.register()
    hook = await made(world, member, receiver.url)
    receiver.answers = [500, 500]
    await finish_a_job(world, member)
    await send(world)
    await world.database.pool.execute("UPDATE webhooks SET failing_since = failing_since - interval '5 days'")
    await send(world)
    failing = await hook_now(world, member, hook)
    assert (failing["enabled"], failing["disabled_reason"]) == (False, "failing")


@pytest.mark.integration
async def test_a_rotated_secret_signs_beside_the_former_one_for_a_day(
    world: World, receiver: Receiver
) -> None:
    member = await world.register()
    hook = await made(world, member, receiver.url)
    rotated = await world.client.post(f"{HOOKS}/{hook['id']}/rotate-secret", headers=member.headers)
    former, new = hook["secret"], rotated.json()["secret"]
    assert former != new
    tested = await world.client.post(f"{HOOKS}/{hook['id']}/deliveries", headers=member.headers)
    assert (tested.status_code, tested.json()["event"]) == (202, "webhook.test")
    await send(world)
    await world.database.pool.execute("UPDATE webhooks SET former_until = clock_timestamp()")
    await world.client.post(f"{HOOKS}/{hook['id']}/deliveries", headers=member.headers)
    await send(world)
    (first, second) = receiver.got
    assert rightly_signed(*first, new)
    assert rightly_signed(*first, former)
    assert rightly_signed(*second, new)
    assert not rightly_signed(*second, former)
    listed = (await world.client.get(HOOKS, headers=member.headers)).text
    assert new not in listed
    assert former not in listed


@pytest.mark.integration
async def test_many_replicas_send_each_message_once(world: World, receiver: Receiver) -> None:
    member = await world.register()
    hooks = [await made(world, member, receiver.url) for _ in range(6)]
    for _ in range(2):
        for hook in hooks:
            await world.client.post(f"{HOOKS}/{hook['id']}/deliveries", headers=member.headers)
    await world.add_replica()
    senders = [replica.gateway.webhooks.sender for replica in world.replicas]
    running = [asyncio.create_task(sender.run()) for sender in senders]
    async with asyncio.timeout(30):
        while len(receiver.got) < 12:
            await asyncio.sleep(0.05)
        while await world.database.pool.fetchval(
            "SELECT count(*) FROM webhook_deliveries WHERE delivered_at IS NULL"
        ):
            await asyncio.sleep(0.05)
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)
    ids = [headers["webhook-id"] for headers, _ in receiver.got]
    assert len(ids) == len(set(ids)) == 12


@pytest.mark.integration
async def test_a_sender_that_was_killed_loses_nothing(world: World, receiver: Receiver) -> None:
    member = await world.register()
    hook = await made(world, member, receiver.url)
    await finish_a_job(world, member)
    receiver.hangs = True
    killed = asyncio.create_task(world.replicas[0].gateway.webhooks.sender.send_due())
    async with asyncio.timeout(10):
        while not receiver.got:
            await asyncio.sleep(0.01)
    killed.cancel()
    await asyncio.gather(killed, return_exceptions=True)
    receiver.hangs = False
    assert await send(world) == 0, "it is in somebody's hands until the lease is over"
    await world.database.pool.execute("UPDATE webhook_deliveries SET leased_until = clock_timestamp()")
    assert await send(world) == 1
    assert (await log_of(world, member, hook))[0]["status"] == "delivered"
    assert len({headers["webhook-id"] for headers, _ in receiver.got}) == 1


@pytest.mark.integration
async def test_inner_addresses_are_refused_at_once_and_when_a_name_leads_there_later(
    make_world: MakeWorld, receiver: Receiver
) -> None:
    world = await make_world(webhook_ports=f"443,{receiver.port}")
    member = await world.register()
    for url, code in (
        ("http://example.org/", "invalid_url"),
        ("https://127.0.0.1/", "forbidden_address"),
        ("https://[::1]/", "forbidden_address"),
        ("https://169.254.169.254/latest", "forbidden_address"),
        ("https://localhost/", "forbidden_address"),
        ("https://user:pass@example.org/", "invalid_url"),
        ("https://example.org:22/", "invalid_url"),
        (f"http://example.org:{receiver.port}/", "insecure_webhook"),
    ):
        answer = await world.client.post(HOOKS, json={"url": url}, headers=member.headers)
        assert (answer.status_code, answer.json()["code"]) == (422, code), url
    hook = await made(world, member, "https://example.org/")
    # As if the name had been a public one when it was given, and is not any more.
    await world.database.pool.execute("UPDATE webhooks SET url = $1", receiver.url)
    await finish_a_job(world, member)
    assert await send(world) == 1
    (delivery,) = await log_of(world, member, hook)
    assert delivery["status"] == "waiting"
    assert delivery["last_status"] is None
    assert receiver.got == []


@pytest.mark.integration
async def test_only_so_many_and_only_ones_own(world: World, receiver: Receiver) -> None:
    member, other = await world.register(), await world.register()
    hook = await made(world, member, receiver.url)
    for _ in range(MOST_HOOKS - 1):
        await made(world, member, receiver.url)
    one_more = await world.client.post(HOOKS, json={"url": receiver.url}, headers=member.headers)
    assert (one_more.status_code, one_more.json()["code"]) == (409, "too_many_webhooks")
    for method, path in (
        ("GET", ""),
        ("PATCH", ""),
        ("DELETE", ""),
        ("POST", "/rotate-secret"),
        ("POST", "/deliveries"),
        ("GET", "/deliveries"),
    ):
        options = {"json": {}} if method == "PATCH" else {}
        answer = await world.client.request(
            method, f"{HOOKS}/{hook['id']}{path}", headers=other.headers, **options
        )
        assert answer.status_code == 404, path
    deleted = await world.client.delete(f"{HOOKS}/{hook['id']}", headers=member.headers)
    assert deleted.status_code == 204
    assert await world.database.pool.fetchval("SELECT count(*) FROM webhook_deliveries") == 0
