"""Live streams over real connections: resume on any replica, slow readers, keep-alives."""

import asyncio
import socket
from urllib.parse import urlsplit
from uuid import uuid4

import asyncpg
import pytest
from octavia_common.events import ReleaseReason
from octavia_gateway.events.log import Draft, EventLog
from octavia_gateway.events.wire import CHANNEL, MAX_NOTICE_BYTES, StreamEvent, event_notice
from prometheus_client import REGISTRY

from .conftest import MakeWorld
from .events import JobEvents
from .world import Member, Replica, World

pytestmark = pytest.mark.integration


async def begin(world: World, chunks: int = 3) -> tuple[Member, str, JobEvents]:
    """A job at work, and the events that it will have."""
    member = await world.register()
    created = await world.create_job(member)
    made = JobEvents(await world.submit(member, created["id"]), chunks=chunks)
    made.spec = made.spec.model_copy(update={"target_languages": ("es",)})
    return member, created["id"], made


async def test_a_stream_shows_what_a_poll_shows_and_ends_with_the_job(world: World) -> None:
    member, job_id, made = await begin(world)
    async with world.follow(member, f"/api/v1/jobs/{job_id}/events") as follower:
        assert follower.response.headers["content-type"].startswith("text/event-stream")
        assert follower.response.headers["x-request-id"]
        first = await follower.next()
        assert first is not None
        assert first[1] == await world.job(member, job_id)
        seen = [first]
        for event in made.whole_run()[1:-1]:
            await world.tell(event)
            if (await world.job(member, job_id)) != seen[-1][1]:
                got = await follower.next()
                assert got is not None
                assert got[1] == await world.job(member, job_id)
                seen.append(got)
        await world.tell(made.captured())
        rest = await follower.rest()
    assert [kind for kind, _ in rest] == ["job.completed"]
    assert rest[0][1] == await world.job(member, job_id)
    progress = [data["progress_percentage"] for _, data in seen]
    assert progress == sorted(progress)


async def test_a_stream_of_an_ended_job_is_its_last_state(world: World) -> None:
    member, job_id, made = await begin(world, chunks=0)
    await world.tell(made.released(ReleaseReason.CANCELLED))
    async with world.follow(member, f"/api/v1/jobs/{job_id}/events") as follower:
        assert [kind for kind, _ in await follower.rest()] == ["job.cancelled"]
        last = follower.last_id
    # Whoever has seen the end is told not to come again.
    answer = await world.client.get(
        f"/api/v1/jobs/{job_id}/events", headers={**member.headers, "Last-Event-ID": str(last)}
    )
    assert answer.status_code == 204


async def test_resume_on_another_replica_loses_and_repeats_nothing(world: World) -> None:
    other = await world.add_replica()
    member, job_id, made = await begin(world, chunks=20)
    path = f"/api/v1/jobs/{job_id}/events"
    steps = made.whole_run()[1:]
    received: list[float] = []
    last: str | None = None
    for number in range(0, len(steps), 7):
        replica = world.replicas[number // 7 % 2]
        async with world.follow(member, path, last_event_id=last, replica=replica) as follower:
            # Half while connected, half after the connection is gone.
            await world.tell(*steps[number : number + 3])
            if (event := await follower.next()) is not None:
                received.append(event[1]["progress_percentage"])
            last = follower.last_id
        for step in steps[number + 3 : number + 7]:
            await world.tell(step)
    async with world.follow(member, path, last_event_id=last, replica=other) as follower:
        received += [data["progress_percentage"] for _, data in await follower.rest()]
    assert received == sorted(received)
    assert received[-1] == 100
    async with world.database.transaction() as connection:
        rows = await connection.fetch("SELECT seq FROM job_events ORDER BY seq")
    assert [row["seq"] for row in rows] == list(range(1, len(rows) + 1))


async def test_every_event_between_two_connections_is_replayed_in_order(world: World) -> None:
    member, _, made = await begin(world, chunks=10)
    path = "/api/v1/events"
    async with world.follow(member, path, last_event_id="1") as follower:
        await follower.next()
        last = int(follower.last_id or 0)
    for event in made.whole_run()[1:]:
        await world.tell(event)
    async with world.database.transaction() as connection:
        expected = [
            row["seq"]
            for row in await connection.fetch("SELECT seq FROM job_events WHERE seq > $1 ORDER BY seq", last)
        ]
    seen = []
    async with world.follow(member, path, last_event_id=str(last)) as follower:
        for _ in expected:
            await follower.next()
            seen.append(int(follower.last_id or 0))
    assert seen == expected


async def test_streams_during_a_storm_of_events_are_gap_free(world: World) -> None:
    """Events are written while streams open, so that every seam between replay and live is met."""
    member, _, made = await begin(world, chunks=60)
    await world.add_replica()

    async def follow(number: int) -> list[int]:
        await asyncio.sleep(number * 0.01)
        seen = []
        replica = world.replicas[number % 2]
        async with world.follow(member, "/api/v1/events", last_event_id="1", replica=replica) as follower:
            while (event := await follower.next(20)) is not None:
                seen.append(int(follower.last_id or 0))
                if event[0] == "job.completed":
                    return seen
        return seen

    followers = [asyncio.create_task(follow(number)) for number in range(12)]
    for event in made.whole_run()[1:]:
        await world.tell(event)
    results = await asyncio.gather(*followers)
    for seen in results:
        assert seen == list(range(2, seen[-1] + 1))
    assert len({seen[-1] for seen in results}) == 1


async def test_the_hub_recovers_from_a_lost_connection(world: World) -> None:
    member, job_id, made = await begin(world)
    async with world.follow(member, f"/api/v1/jobs/{job_id}/events") as follower:
        await follower.next()
        async with world.database.transaction() as connection:
            killed = await connection.fetch(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE query LIKE 'LISTEN%' AND datname = current_database()"
            )
        assert len(killed) == 1
        for event in made.whole_run()[1:]:
            await world.tell(event)
        events = await follower.rest()
    assert events[-1][0] == "job.completed"
    numbers = [data["progress_percentage"] for _, data in events]
    assert numbers == sorted(numbers)


async def test_the_hub_recovers_from_more_events_than_it_can_hold(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("octavia_gateway.events.hub.MAX_WAITING_NOTICES", 3)
    member = await world.register()
    log, total = EventLog(), 40
    async with world.follow(member, "/api/v1/events") as follower:
        for _ in range(2):
            drafts = [Draft(member.user_id, uuid4(), "job.updated", "{}") for _ in range(total // 2)]
            async with world.database.transaction() as connection:
                await log.append(connection, drafts)
        seen = []
        for _ in range(total):
            await follower.next()
            seen.append(int(follower.last_id or 0))
    assert seen == list(range(1, total + 1))


async def test_what_is_appended_is_numbered_and_told_in_order(world: World) -> None:
    log, users = EventLog(), [uuid4(), uuid4()]
    told: list[str] = []
    listening = await asyncpg.connect(world.settings.database_url.get_secret_value())
    await listening.add_listener(CHANNEL, lambda *notify: told.append(str(notify[3])))
    drafts = [
        Draft(users[number % 2], uuid4(), "job.updated", f'{{"text":"ế{"x" * size}"}}')
        for number, size in enumerate((1, 2, MAX_NOTICE_BYTES, 3, 4, 5))
    ]
    for batch in (drafts[:5], drafts[5:], []):
        async with world.database.transaction() as connection:
            await log.append(connection, batch)
    await _until(lambda: len(told) == len(drafts))
    await listening.close()
    for start, user_id in enumerate(users):
        events = [
            StreamEvent(user_id, seq, draft.job_id, draft.kind, draft.body)
            for seq, draft in enumerate(drafts[start::2], 1)
        ]
        assert [text for text in told if text.startswith(str(user_id))] == [event_notice(e) for e in events]
        async with world.database.transaction() as connection:
            assert await log.since_each(connection, [(user_id, 0)]) == events
            assert await log.last_seq(connection, user_id) == len(events)


async def test_keep_alives_are_comments(make_world: MakeWorld) -> None:
    world = await make_world(sse_keepalive_seconds=0.1)
    member = await world.register()
    async with world.client.stream("GET", "/api/v1/events", headers=member.headers) as response:
        async with asyncio.timeout(5):
            async for line in response.aiter_lines():
                if line == ": keep-alive":
                    return
    pytest.fail("no keep-alive came")


async def test_a_reader_that_does_not_read_is_dropped_and_costs_the_others_nothing(
    make_world: MakeWorld,
) -> None:
    world = await make_world(sse_queue_events=4, sse_send_timeout_seconds=5.0)
    replica = await world.add_replica(send_buffer=4096)
    member = await world.register()
    before = REGISTRY.get_sample_value("octavia_sse_dropped_total") or 0.0
    stalled = _open_and_never_read(replica, member)
    log, body = EventLog(), '{"text":"' + "x" * 7000 + '"}'
    try:
        await _until(lambda: REGISTRY.get_sample_value("octavia_sse_connections") == 1)
        async with world.follow(member, "/api/v1/events", replica=replica) as reader:
            for number in range(1, 101):
                async with world.database.transaction() as connection:
                    await log.append(connection, [Draft(member.user_id, uuid4(), "job.updated", body)])
                await reader.next()
                assert reader.last_id == str(number)
        assert REGISTRY.get_sample_value("octavia_sse_dropped_total") == before + 1
        await _until(lambda: REGISTRY.get_sample_value("octavia_sse_connections") == 0)
    finally:
        stalled.close()


async def test_open_streams_are_counted_limited_and_let_go(make_world: MakeWorld) -> None:
    world = await make_world(sse_max_streams_per_user=1)
    member = await world.register()
    async with world.follow(member, "/api/v1/events"):
        assert REGISTRY.get_sample_value("octavia_sse_connections") == 1
        second = await world.client.get("/api/v1/events", headers=member.headers)
        assert (second.status_code, second.json()["code"]) == (429, "too_many_streams")
        assert second.headers["retry-after"]
    await _until(lambda: REGISTRY.get_sample_value("octavia_sse_connections") == 0)


async def test_an_open_stream_keeps_nothing_of_its_request(world: World) -> None:
    """No task and no connection of the server: the stream itself is what the connection talks to."""
    member, _, _ = await begin(world)
    server = world.replicas[0].server
    async with world.follow(member, "/api/v1/events", last_event_id="0") as follower:
        assert follower.response.headers["connection"] == "close"
        assert await follower.next() is not None
        others = {connection.transport for connection in server.server_state.connections}
        await _until(lambda: not server.server_state.tasks)
        assert REGISTRY.get_sample_value("octavia_sse_connections") == 1
        assert len(others) == len(server.server_state.connections)
    await _until(lambda: REGISTRY.get_sample_value("octavia_sse_connections") == 0)


@pytest.mark.parametrize("by", ["log out", "deleted key", "expired token"])
async def test_a_stream_ends_with_what_it_was_opened_by(make_world: MakeWorld, by: str) -> None:
    seconds = 3 if by == "expired token" else 900
    world = await make_world(sse_recheck_seconds=0.05, access_token_seconds=seconds)
    other = await world.add_replica()
    member = await world.register()
    key = await world.client.post("/api/v1/api-keys", json={"name": "one"}, headers=member.headers)
    made = key.json()
    opened_by = {"Authorization": f"Bearer {made['key']}"} if by == "deleted key" else member.headers
    async with (
        other.client.stream("GET", "/api/v1/events", headers=opened_by) as response,
        world.client.stream("GET", "/api/v1/events", headers=member.headers) as second,
    ):
        assert (response.status_code, second.status_code) == (200, 200)
        if by == "log out":
            await world.client.post("/api/v1/auth/logout", headers=member.headers)
        elif by == "deleted key":
            gone = await world.client.delete(f"/api/v1/api-keys/{made['id']}", headers=member.headers)
            assert gone.status_code == 204
        async with asyncio.timeout(10):
            # The end of the body, as a browser sees it: it connects again, and is refused.
            async for _ in response.aiter_raw():
                pass
        if by == "deleted key":
            assert REGISTRY.get_sample_value("octavia_sse_connections") == 1
        else:
            async with asyncio.timeout(10):
                async for _ in second.aiter_raw():
                    pass
    again = await other.client.get("/api/v1/events", headers=opened_by)
    assert again.status_code == 401


async def test_another_users_events_are_not_heard(world: World) -> None:
    _, _, made = await begin(world)
    other = await world.register()
    own = await world.create_job(other)
    async with world.follow(other, "/api/v1/events", last_event_id="0") as follower:
        await world.tell(*made.whole_run()[1:])
        await world.client.post(f"/api/v1/jobs/{own['id']}/cancel", headers=other.headers)
        kinds = []
        while len(kinds) < 2:
            event = await follower.next()
            assert event is not None
            assert event[1]["id"] == own["id"]
            kinds.append(event[0])
    assert kinds == ["job.updated", "job.cancelled"]


def _open_and_never_read(replica: Replica, member: Member) -> socket.socket:
    """A client that asks for the stream and then leaves its socket alone."""
    parts = urlsplit(replica.url)
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
    client.connect((parts.hostname, parts.port))
    head = (
        f"GET /api/v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: {member.headers['Authorization']}\r\n\r\n"
    )
    client.sendall(head.encode())
    return client


async def _until(condition: object, seconds: float = 10) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # type: ignore[operator]
            await asyncio.sleep(0.01)
