"""Videos in numbers, before administrators, and how they go: retention, and with their owner's account."""

from datetime import UTC, datetime, timedelta

import pytest
from octavia_common.events import JobCancelled, ReleaseReason
from octavia_gateway.files.models import FileMedia, FileType, VideoSummary

from .conftest import MakeWorld
from .filming import CATALOGUE, Making, completed, film, video
from .world import Member, World

pytestmark = pytest.mark.integration

PATH = "/api/v1/videos"
OLD = timedelta(days=31)


@pytest.fixture
async def world(make_world: MakeWorld) -> World:
    world = await make_world(retention_unlisted_minutes=0.001)
    await world.tell(CATALOGUE)
    return world


@pytest.fixture
async def member(world: World) -> Member:
    return await world.register(credits_=1000)


async def aged(world: World, column: str, made: Making, age: timedelta = OLD) -> None:
    async with world.database.transaction() as connection:
        await connection.execute(
            f"UPDATE videos SET {column} = clock_timestamp() - $2::interval WHERE video_id = $1", made.id, age
        )


async def keys(world: World, member: Member) -> list[str]:
    return [key async for key in world.store.list_keys(f"users/{member.user_id}/")]


async def round_of(world: World) -> None:
    await world.replicas[0].gateway.housekeeping.round()


async def test_a_user_sees_their_videos_in_numbers(world: World, member: Member) -> None:
    empty = (await world.client.get(f"{PATH}/stats", headers=member.headers)).json()
    assert (empty["total"], empty["success_rate"], empty["median_seconds"]) == (0, None, None)
    for _ in range(2):
        await completed(world, member)
    _, failed = await film(world, member)
    await world.tell(failed.released())
    _, cancelled = await film(world, member)
    await world.tell(cancelled.released(ReleaseReason.CANCELLED))
    await film(world, member)
    stats = (await world.client.get(f"{PATH}/stats", headers=member.headers)).json()
    assert stats["by_status"] == {
        "pending": 1,
        "processing": 0,
        "completed": 2,
        "failed": 1,
        "cancelled": 1,
        "expired": 0,
    }
    assert (stats["total"], stats["success_rate"]) == (5, 0.6667)
    assert (stats["credits_spent"], stats["credits_held"]) == (200, 100)
    assert stats["median_seconds"] > 0
    other = await world.register()
    theirs = (await world.client.get(f"{PATH}/stats", headers=other.headers)).json()
    assert theirs["total"] == 0


async def test_an_administrator_sees_what_came_after_the_refund(world: World, member: Member) -> None:
    admin = await world.register("admin@example.org")
    done = await completed(world, member)
    _, made = await film(world, member)
    await world.tell(made.released(), made.generated())
    path = "/api/v1/admin/videos"
    refused = await world.client.get(path, headers=member.headers)
    assert refused.status_code == 403
    every = (await world.client.get(path, headers=admin.headers)).json()["items"]
    assert [one["id"] for one in every] == [str(made.id), str(done.id)]
    assert every[1]["late"] == []
    late = (await world.client.get(path, params={"late": True}, headers=admin.headers)).json()["items"]
    assert [one["id"] for one in late] == [str(made.id)]
    assert (late[0]["user_id"], late[0]["status"]) == (str(member.user_id), "failed")
    found = late[0]["late"][0]
    assert (found["hold_id"], found["clip"]["width"]) == (str(made.job.hold_id), 1280)
    assert made.artifact("clip", "").key in found["url"]
    page = (await world.client.get(path, params={"limit": 1}, headers=admin.headers)).json()
    rest = await world.client.get(
        path, params={"limit": 1, "cursor": page["next_cursor"]}, headers=admin.headers
    )
    assert [one["id"] for one in rest.json()["items"]] == [str(done.id)]


async def test_a_deleted_video_can_be_restored_until_its_time_is_over(world: World, member: Member) -> None:
    made = await completed(world, member)
    await world.client.delete(f"{PATH}/{made.id}", headers=member.headers)
    await aged(world, "deleted_at", made, timedelta(days=6))
    await round_of(world)
    assert len(await keys(world, member)) == 2
    assert (await video(world, member, made.id))["deleted_at"]
    await aged(world, "deleted_at", made, timedelta(days=8))
    await round_of(world)
    assert await keys(world, member) == []
    gone = await world.client.post(f"{PATH}/{made.id}/restore", headers=member.headers)
    assert gone.status_code == 404
    await aged(world, "purged_at", made)
    await round_of(world)
    async with world.database.transaction() as connection:
        assert await connection.fetchval("SELECT count(*) FROM videos") == 0


async def test_an_old_video_goes_with_its_objects_and_its_page(world: World, member: Member) -> None:
    old, new = await completed(world, member), await completed(world, member)
    share = await world.client.post(f"{PATH}/{old.id}/share", headers=member.headers)
    await aged(world, "finished_at", old)
    async with world.follow(member, "/api/v1/events") as stream:
        await round_of(world)
        assert await stream.next() == ("video.deleted", {"id": str(old.id)})
    assert (await world.client.get(share.json()["path"])).status_code == 404
    kept = await keys(world, member)
    assert sorted(kept) == sorted(new.artifact(name, "").key for name in ("clip", "poster"))
    assert (await world.client.get(f"{PATH}/{old.id}", headers=member.headers)).status_code == 404


async def test_nothing_is_removed_while_anything_is_being_made(world: World, member: Member) -> None:
    old = await completed(world, member)
    _, running = await film(world, member)
    # What a provider's clip is before anybody has told of it.
    await world.store.write(running.artifact("clip", "").key, b"0123456789", "video/mp4")
    await aged(world, "finished_at", old)
    await round_of(world)
    assert len(await keys(world, member)) == 3
    await world.tell(running.released())
    await aged(world, "finished_at", running, timedelta(hours=2))
    await round_of(world)
    assert await keys(world, member) == [], "a clip that nobody lists goes too"


async def test_a_picture_stays_as_long_as_a_video_of_it_is_new(world: World, member: Member) -> None:
    picture = await world.add_file(
        member,
        file_type=FileType.IMAGE,
        filename="boat.png",
        media_type="image/png",
        media=FileMedia(container="png_pipe", video=VideoSummary(codec="png", width=640, height=480)),
        created_at=datetime.now(UTC) - OLD,
    )
    _, made = await film(world, member, image_file_id=str(picture.file_id))
    path = f"/api/v1/files/{picture.file_id}"
    await round_of(world)
    await world.tell(made.released())
    await round_of(world)
    assert (await world.client.get(path, headers=member.headers)).status_code == 200
    await aged(world, "finished_at", made)
    await round_of(world)
    assert (await world.client.get(path, headers=member.headers)).status_code == 404


async def test_late_clips_are_kept_with_their_video(world: World, member: Member) -> None:
    _, made = await film(world, member)
    await world.tell(made.released())
    await world.store.write(made.artifact("clip", "").key, b"0123456789", "video/mp4")
    await world.tell(made.generated(poster=None))
    await aged(world, "finished_at", made, timedelta(hours=2))
    await round_of(world)
    assert await keys(world, member) == [made.artifact("clip", "").key]


async def test_with_the_account_everything_goes_and_what_runs_is_cancelled(
    world: World, member: Member
) -> None:
    made = await completed(world, member)
    shared = (await world.client.post(f"{PATH}/{made.id}/share", headers=member.headers)).json()
    _, running = await film(world, member)
    await world.outbox()
    gone = await world.client.delete("/api/v1/me", headers=member.headers)
    assert gone.status_code == 202, gone.text
    assert (await world.client.get(shared["path"])).status_code == 404, "at once"
    assert await world.outbox() == [JobCancelled(job=running.job)]
    erasure = world.replicas[0].gateway.resources.erasure
    assert await erasure.go_on(member.user_id) is False, "the video has not ended"
    await world.tell(running.released(ReleaseReason.CANCELLED), running.generated())
    assert await erasure.go_on(member.user_id) is True
    assert await keys(world, member) == []
    async with world.database.transaction() as connection:
        for table in ("videos", "late_videos", "job_artifacts"):
            assert await connection.fetchval(f"SELECT count(*) FROM {table}") == 0, table
