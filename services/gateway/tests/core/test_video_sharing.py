"""Public pages of videos: who sees what for how long, and how often."""

import re
from html import unescape
from typing import Any

import pytest
from octavia_common.documents import RemoteVideo

from .conftest import MakeWorld
from .filming import CATALOGUE, completed, film, video
from .world import Member, World

pytestmark = pytest.mark.integration

PATH = "/api/v1/videos"
HOSTILE = (
    """A "boat" <script>alert('x')</script> & more, of a prompt that is so long that a title cannot hold it"""
)


@pytest.fixture
async def world(make_world: MakeWorld) -> World:
    world = await make_world(public_url="https://film.example.org/")
    await world.tell(CATALOGUE)
    return world


@pytest.fixture
async def member(world: World) -> Member:
    return await world.register(credits_=1000)


async def share(world: World, member: Member, video_id: object) -> dict[str, Any]:
    answer = await world.client.post(f"{PATH}/{video_id}/share", headers=member.headers)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def test_a_page_is_there_for_everybody_until_it_is_revoked(world: World, member: Member) -> None:
    made = await completed(world, member)
    shared = await share(world, member, made.id)
    assert shared["url"] == f"https://film.example.org{shared['path']}"
    assert (await share(world, member, made.id))["token"] == shared["token"]
    assert (await world.client.get(shared["path"])).status_code == 200
    assert (await world.client.get(f"{shared['path']}/video")).content == b"0123456789"
    poster = await world.client.get(f"{shared['path']}/poster")
    assert (poster.headers["content-type"], poster.content) == ("image/webp", b"RIFF")
    assert (await video(world, member, made.id))["shared"] is True
    for _ in range(2):
        revoked = await world.client.delete(f"{PATH}/{made.id}/share", headers=member.headers)
        assert revoked.status_code == 204
    for part in ("", "/video", "/poster", "/download"):
        gone = await world.client.get(f"{shared['path']}{part}")
        assert gone.status_code == 404, part
    again = await share(world, member, made.id)
    assert again["token"] != shared["token"]


async def test_the_page_says_what_it_is_and_runs_nothing(world: World, member: Member) -> None:
    made = await completed(world, member, prompt=HOSTILE)
    shared = await share(world, member, made.id)
    answer = await world.client.get(shared["path"], headers={"Host": "evil.example.com"})
    page, policy = answer.text, answer.headers["content-security-policy"]
    assert "<script" not in page
    assert "evil.example.com" not in page
    tags = {
        name: unescape(value)
        for name, value in re.findall(r'<meta (?:property|name)="([^"]+)" content="([^"]*)">', page)
    }
    assert tags["og:title"].startswith("A \"boat\" <script>alert('x')</script> &")
    assert len(tags["og:title"]) <= 90
    assert tags["og:url"] == shared["url"]
    assert tags["og:video"] == f"{shared['url']}/video"
    assert tags["og:image"] == f"{shared['url']}/poster"
    assert (tags["og:video:width"], tags["og:type"]) == ("1280", "video.other")
    assert tags["robots"] == "noindex"
    assert "default-src 'none'" in policy
    assert "script" not in policy
    assert answer.headers["cache-control"] == "no-store"
    assert member.email not in page
    assert str(member.user_id) not in page
    vietnamese = await world.client.get(shared["path"], headers={"Accept-Language": "vi"})
    assert "Tải xuống" in vietnamese.text


async def test_views_and_downloads_are_counted_once_each(world: World, member: Member) -> None:
    made = await completed(world, member)
    path = (await share(world, member, made.id))["path"]
    for _ in range(3):
        await world.client.get(path)
    await world.client.head(path)
    await world.client.get(f"{path}/video")
    whole = await world.client.get(f"{path}/download")
    assert "attachment" in whole.headers["content-disposition"]
    rest = await world.client.get(f"{path}/download", headers={"Range": "bytes=5-"})
    assert (rest.status_code, rest.content) == (206, b"56789")
    await world.client.head(f"{path}/download")
    counted = await video(world, member, made.id)
    assert (counted["views"], counted["downloads"]) == (3, 1)
    stats = (await world.client.get(f"{PATH}/stats", headers=member.headers)).json()
    assert (stats["views"], stats["downloads"]) == (3, 1)


async def test_what_is_not_done_or_put_away_is_not_shown(world: World, member: Member) -> None:
    _, running = await film(world, member)
    early = await world.client.post(f"{PATH}/{running.id}/share", headers=member.headers)
    assert (early.status_code, early.json()["code"]) == (409, "video_not_ready")
    made = await completed(world, member)
    path = (await share(world, member, made.id))["path"]
    await world.client.delete(f"{PATH}/{made.id}", headers=member.headers)
    assert (await world.client.get(path)).status_code == 404
    await world.client.post(f"{PATH}/{made.id}/restore", headers=member.headers)
    assert (await world.client.get(path)).status_code == 200


@pytest.mark.parametrize("token", ["x", "x" * 32, "%00" * 32, "é" * 32, "%2e%2e"])
async def test_a_guess_finds_nothing(world: World, token: str) -> None:
    answer = await world.client.get(f"/s/{token}")
    assert (answer.status_code, answer.headers["content-type"]) == (404, "text/html; charset=utf-8")
    part = await world.client.get(f"/s/{token}/video")
    assert part.status_code == 404


async def test_a_clip_that_its_provider_keeps_is_pointed_at(world: World, member: Member) -> None:
    _, made = await film(world, member)
    where = RemoteVideo(url="https://cdn.example.org/clip.mp4")
    document = await world.store.write_document(made.artifact("clip", "").key, where)
    await world.tell(made.generated(video=document, poster=None, kept_by_provider=True), made.captured())
    path = (await share(world, member, made.id))["path"]
    page = await world.client.get(path)
    assert "og:image" not in page.text
    assert "media-src 'self' https:" in page.headers["content-security-policy"]
    clip = await world.client.get(f"{path}/video")
    assert (clip.status_code, clip.headers["location"]) == (307, where.url)
    await world.tell(made.expired())
    assert (await world.client.get(path)).status_code == 404
