"""Users, events and sweeps work on the same videos at once, on two replicas: nobody waits crosswise, and each
video ends as the one resolution of its hold says."""

import asyncio
import random
from uuid import UUID

import pytest
from octavia_common.events import CreditsCaptured, EventData, ReleaseReason

from .conftest import MakeWorld
from .filming import CATALOGUE, Making, ask, video
from .world import Member, World

pytestmark = pytest.mark.integration

PATH = "/api/v1/videos"
VIDEOS = 30


async def meddle(
    world: World, member: Member, ids: list[UUID], luck: random.Random, over: asyncio.Event
) -> set[int]:
    """Do what users do to their videos, on whichever replica; the statuses that were answered."""
    seen = set()
    while not over.is_set():
        video_id, client = luck.choice(ids), luck.choice(world.replicas).client
        method, path = luck.choice(
            [
                ("POST", "/cancel"),
                ("POST", "/share"),
                ("DELETE", "/share"),
                ("DELETE", ""),
                ("POST", "/restore"),
                ("GET", ""),
                ("GET", "/content"),
            ]
        )
        answer = await client.request(method, f"{PATH}/{video_id}{path}", headers=member.headers)
        seen.add(answer.status_code)
    return seen


async def tell(world: World, events: list[EventData], luck: random.Random) -> None:
    """Project them in small batches, as two consumers would."""
    while events:
        size = luck.randint(1, 7)
        batch, events = events[:size], events[size:]
        await world.tell(*batch)
        await asyncio.sleep(0.01)


@pytest.mark.parametrize("seed", [1, 2])
async def test_everybody_at_once(make_world: MakeWorld, seed: int) -> None:
    world = await make_world(retention_unlisted_minutes=0.001)
    await world.add_replica()
    await world.tell(CATALOGUE)
    luck = random.Random(seed)
    member = await world.register(credits_=10_000)
    _, made = await ask(world, member, prompts=[str(number) for number in range(VIDEOS)])
    fate: dict[UUID, EventData] = {}
    events: list[EventData] = []
    for one in made:
        clip = await world.store.write(one.artifact("clip", "").key, b"0123456789", "video/mp4")
        resolution = luck.choice([one.captured(), one.released(), one.released(ReleaseReason.CANCELLED)])
        fate[one.id] = resolution
        events += [one.waiting(), one.generating(), one.generated(video=clip, poster=None), resolution]
    luck.shuffle(events)
    over = asyncio.Event()
    ids = [one.id for one in made]
    users = [asyncio.create_task(meddle(world, member, ids, random.Random(seed + n), over)) for n in range(4)]
    halves = events[::2], events[1::2]
    await asyncio.gather(*(tell(world, half, random.Random(seed)) for half in halves))
    await world.replicas[0].gateway.housekeeping.round()
    over.set()
    answered: set[int] = set().union(*await asyncio.gather(*users))
    assert answered <= {200, 202, 204, 409}, answered
    for one in made:
        await _ended_as_resolved(world, member, one, fate[one.id])


async def _ended_as_resolved(world: World, member: Member, one: Making, resolution: EventData) -> None:
    shown = await video(world, member, one.id)
    if isinstance(resolution, CreditsCaptured):
        assert (shown["status"], shown["credits_charged"]) == ("completed", 100)
        return
    assert shown["status"] in ("failed", "cancelled")
    assert shown["content"] is None
    async with world.database.transaction() as connection:
        late = await connection.fetchval(
            "SELECT count(*) FROM late_videos WHERE hold_id = $1", one.job.hold_id
        )
    assert late == 1
