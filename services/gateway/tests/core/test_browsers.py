"""What browsers need beside what programs do: sessions to look at, a cookie for players, operators' lists."""

from uuid import UUID, uuid4

import pytest
from octavia_common.events import EntryKind
from octavia_gateway.auth.dependencies import MEDIA_COOKIE

from .conftest import MakeWorld
from .events import JobEvents
from .world import PASSWORD, World

pytestmark = pytest.mark.integration


async def test_sessions_are_listed_and_ended(world: World) -> None:
    member, stranger = await world.register(), await world.register()
    again = await world.client.post(
        "/api/v1/auth/login",
        json={"email": member.email, "password": PASSWORD},
        headers={"User-Agent": "Firefox/140"},
    )
    listed = (await world.client.get("/api/v1/sessions", headers=member.headers)).json()["items"]
    assert [one["current"] for one in listed].count(True) == 1
    other = next(one for one in listed if not one["current"])
    assert other["user_agent"] == "Firefox/140"
    theirs = await world.client.delete(f"/api/v1/sessions/{other['id']}", headers=stranger.headers)
    assert (theirs.status_code, theirs.json()["code"]) == (404, "session_not_found")
    own = await world.client.delete(f"/api/v1/sessions/{other['id']}", headers=member.headers)
    assert own.status_code == 204
    twice = await world.client.delete(f"/api/v1/sessions/{other['id']}", headers=member.headers)
    assert twice.status_code == 404
    ended = {"Authorization": f"Bearer {again.json()['access_token']}"}
    assert (await world.client.get("/api/v1/me", headers=ended)).status_code == 401
    assert (await world.client.get("/api/v1/me", headers=member.headers)).status_code == 200


async def test_the_cookie_for_players_opens_files_by_get_and_nothing_else(world: World) -> None:
    member = await world.register()
    file = await world.add_file(member)
    answer = await world.client.post("/api/v1/auth/media-cookie", headers=member.headers)
    assert answer.status_code == 204
    set_cookie = answer.headers["set-cookie"].lower()
    for part in ("httponly", "samesite=strict", "path=/api/v1"):
        assert part in set_cookie
    value = answer.cookies[MEDIA_COOKIE]
    world.client.cookies.clear()
    cookie = {"Cookie": f"{MEDIA_COOKIE}={value}"}
    path = f"/api/v1/files/{file.file_id}/content"
    assert (await world.client.head(path, headers=cookie)).status_code == 200
    assert (await world.client.head(path)).status_code == 401
    for method, other in (
        ("GET", "/api/v1/me"),
        ("GET", "/api/v1/files"),
        ("DELETE", path.removesuffix("/content")),
    ):
        refused = await world.client.request(method, other, headers=cookie)
        assert refused.status_code == 401, other
    # Neither kind of token is anything as the other.
    as_token = {"Authorization": f"Bearer {value}"}
    assert (await world.client.get("/api/v1/me", headers=as_token)).status_code == 401
    as_cookie = {"Cookie": f"{MEDIA_COOKIE}={member.tokens['access_token']}"}
    assert (await world.client.head(path, headers=as_cookie)).status_code == 401
    # It ends with its session.
    await world.client.post("/api/v1/auth/logout", headers=member.headers)
    assert (await world.client.head(path, headers=cookie)).status_code == 401


async def test_a_key_gets_no_cookie(world: World) -> None:
    member = await world.register()
    made = await world.client.post("/api/v1/api-keys", json={"name": "ci"}, headers=member.headers)
    key = {"Authorization": f"Bearer {made.json()['key']}"}
    answer = await world.client.post("/api/v1/auth/media-cookie", headers=key)
    assert (answer.status_code, answer.json()["code"]) == (403, "session_required")


async def test_a_job_tells_its_step_and_its_parts_in_the_readers_language(world: World) -> None:
    member = await world.register()
    job = await world.create_job(member, target_language=None, target_languages=["es", "fr"])
    assert job["parts"] is None
    made = JobEvents(chunks=3)
    made.job = await world.submit(member, job["id"])
    made.spec = made.spec.model_copy(update={"target_languages": ("es", "fr")})
    await world.tell(
        made.planned(), made.transcribed(0, "es"), made.translated(0, "es"), made.synthesized(1, "fr")
    )
    seen = await world.job(member, job["id"])
    assert seen["parts"] == {"es": "200", "fr": "030"}
    assert seen["step"] == {"code": "transcribing", "number": 3, "total": 6, "language": ""}
    answer = await world.client.get(
        f"/api/v1/jobs/{job['id']}", headers={**member.headers, "Accept-Language": "vi"}
    )
    assert answer.json()["current_step"] == "Đang nhận dạng phần 3/6"


async def test_the_history_can_be_asked_for_by_kind(world: World) -> None:
    member = await world.register()
    await world.tell(world.line(member.user_id, EntryKind.RESERVE, -10, after=90, held=10))
    answer = await world.client.get("/api/v1/credits/transactions?kind=reserve", headers=member.headers)
    assert [line["kind"] for line in answer.json()["items"]] == ["reserve"]
    wrong = await world.client.get("/api/v1/credits/transactions?kind=theft", headers=member.headers)
    assert wrong.status_code == 422


async def test_administrators_see_everybody_and_what_waits(make_world: MakeWorld) -> None:
    world = await make_world(admin_emails="admin@example.org")
    admin, member = await world.register("admin@example.org"), await world.register("ada@example.org")
    job = await world.create_job(member)
    await world.submit(member, job["id"])
    users = await world.client.get("/api/v1/admin/users?q=ADA", headers=admin.headers)
    assert [(one["email"], one["available"], one["jobs"]) for one in users.json()["items"]] == [
        ("ada@example.org", 100, 1)
    ]
    jobs = await world.client.get("/api/v1/admin/jobs?status=processing", headers=admin.headers)
    (found,) = jobs.json()["items"]
    assert (found["id"], found["email"], found["stuck"]) == (job["id"], "ada@example.org", False)
    assert (await world.client.get("/api/v1/admin/jobs?stuck=true", headers=admin.headers)).json()[
        "items"
    ] == []
    async with world.database.transaction() as connection:
        await connection.execute(
            "UPDATE jobs SET heard_at = heard_at - interval '1 hour' WHERE job_id = $1", UUID(job["id"])
        )
    stuck = await world.client.get("/api/v1/admin/jobs?stuck=true", headers=admin.headers)
    assert [one["stuck"] for one in stuck.json()["items"]] == [True]
    overview = (await world.client.get("/api/v1/admin/overview", headers=admin.headers)).json()
    waits = {one["name"]: one for one in overview["queues"]}
    assert waits["job.transcribing"]["waiting"] == 1
    assert waits["job.transcribing"]["silent_seconds"] > 3000
    nobody = await world.client.post(f"/api/v1/admin/jobs/{uuid4()}/retry", headers=admin.headers)
    assert nobody.status_code == 404
    running = await world.client.post(f"/api/v1/admin/jobs/{job['id']}/retry", headers=admin.headers)
    assert running.status_code == 409
    assert (await world.client.get("/api/v1/admin/users", headers=member.headers)).status_code == 403
