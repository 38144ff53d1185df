"""Problems, idempotency, limits, credits, administration: what every client meets."""

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import httpx
import pytest
from octavia_common.events import EntryKind, GrantRequested
from octavia_gateway.app import build_app

from .conftest import MakeWorld
from .world import World

pytestmark = pytest.mark.integration


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nothing/here", 404, "not_found"),
        ("GET", "/api/v1/nothing", 404, "not_found"),
        ("PATCH", "/api/v1/me", 405, "method_not_allowed"),
        ("POST", "/api/v1/auth/login", 422, "invalid_request"),
        ("GET", "/api/v1/me", 401, "unauthenticated"),
    ],
)
@pytest.mark.parametrize("language", ["en", "vi"])
async def test_every_error_is_a_problem_document_in_the_readers_language(
    world: World, method: str, path: str, status: int, code: str, language: str
) -> None:
    answer = await world.client.request(method, path, headers={"Accept-Language": language})
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["content-language"] == language
    problem = answer.json()
    assert problem["code"] == code
    assert problem["type"] == f"urn:octavia:problem:{code}"
    assert problem["status"] == status
    assert problem["instance"] == path
    assert problem["request_id"] == answer.headers["x-request-id"]
    assert problem["title"]
    assert problem["detail"]
    assert problem["detail"].isascii() is (language == "en")


async def test_a_wrong_field_is_named(world: World) -> None:
    answer = await world.client.post("/api/v1/auth/login", json={"email": "nonsense"})
    errors = {error["field"]: error for error in answer.json()["errors"]}
    assert set(errors) == {"email", "password"}
    assert errors["password"]["code"] == "missing"
    assert "password" in answer.json()["detail"]
    broken = await world.client.post(
        "/api/v1/auth/login", content=b"{", headers={"Content-Type": "application/json"}
    )
    assert broken.status_code == 422


async def test_what_nobody_foresaw_is_a_problem_too_and_tells_no_secret(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object) -> None:
        raise RuntimeError("the secret cause")

    member = await world.register()
    monkeypatch.setattr(world.replicas[0].gateway.resources.credits, "balance", fail)
    answer = await world.client.get("/api/v1/credits", headers=member.headers)
    assert answer.status_code == 500
    assert answer.json()["code"] == "internal"
    assert "secret cause" not in answer.text
    assert answer.headers["x-request-id"] == answer.json()["request_id"]


@pytest.mark.parametrize("chunked", [True, False])
@pytest.mark.parametrize("key", [True, False])
async def test_a_body_without_bound_is_refused(world: World, chunked: bool, key: bool) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b" " * 4096

    content = endless() if chunked else b" " * 409_600
    headers = {"Content-Type": "application/json", **({"Idempotency-Key": "k"} if key else {})}
    answer = await world.client.post("/api/v1/auth/register", content=content, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (413, "request_too_large")
    assert answer.headers["content-type"] == "application/problem+json"


async def test_security_headers_and_request_ids(world: World) -> None:
    answer = await world.client.get("/api/v1/me", headers={"X-Request-ID": "my-id.1"})
    assert answer.headers["x-request-id"] == "my-id.1"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"
    hostile = await world.client.get("/api/v1/me", headers={"X-Request-ID": "a b" * 50})
    assert len(hostile.headers["x-request-id"]) == 32


async def test_cors_is_off_unless_set(make_world: MakeWorld) -> None:
    preflight = {"Origin": "https://app.example.org", "Access-Control-Request-Method": "GET"}
    world = await make_world()
    answer = await world.client.options("/api/v1/me", headers=preflight)
    assert "access-control-allow-origin" not in answer.headers
    resources = world.replicas[0].gateway.resources
    opened = world.settings.model_copy(update={"cors_origins": "https://app.example.org"})
    object.__setattr__(resources, "settings", opened)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(build_app(resources)), base_url="http://test"
    ) as client:
        allowed = await client.options("/api/v1/me", headers=preflight)
        other = await client.options("/api/v1/me", headers={**preflight, "Origin": "https://evil.example"})
    assert allowed.headers["access-control-allow-origin"] == "https://app.example.org"
    assert "access-control-allow-origin" not in other.headers


async def test_openapi_and_documentation_stand_alone(world: World) -> None:
    schema = (await world.client.get("/openapi.json")).json()
    assert "Problem" in schema["components"]["schemas"]
    assert "HTTPValidationError" not in str(schema)
    assert "/api/v1/jobs/{job_id}/process" in schema["paths"]
    page = await world.client.get("/docs")
    assert page.status_code == 200
    assert "https://" not in page.text
    script = await world.client.get("/docs/assets/swagger-ui-bundle.js")
    assert script.status_code == 200
    assert (await world.client.get("/healthz")).status_code == 200
    assert "octavia_sse_connections" in (await world.client.get("/metrics")).text


async def test_metrics_name_routes_not_paths(world: World) -> None:
    await world.client.get(f"/api/v1/jobs/{uuid4()}")
    metrics = (await world.client.get("/metrics")).text
    assert 'method="GET",route="/api/v1/jobs/{job_id}",status="401"' in metrics


async def test_one_key_creates_one_job(world: World) -> None:
    member = await world.register()
    file = await world.add_file(member)
    body = {"file_id": str(file.file_id), "source_language": "en", "target_language": "es"}
    headers = {**member.headers, "Idempotency-Key": "create-1"}
    path = "/api/v1/jobs/video-translate/create"
    first = await world.client.post(path, json=body, headers=headers)
    again = await world.client.post(path, json=body, headers=headers)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert again.headers["idempotent-replayed"] == "true"
    assert len((await world.client.get("/api/v1/jobs", headers=member.headers)).json()["items"]) == 1
    other = await world.client.post(path, json={**body, "target_language": "fr"}, headers=headers)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    stranger = await world.register()
    theirs = await world.client.post(
        path, json=body, headers={**stranger.headers, "Idempotency-Key": "create-1"}
    )
    assert theirs.status_code == 404


async def test_one_key_at_once_creates_one_job(world: World) -> None:
    await world.add_replica()
    member = await world.register()
    file = await world.add_file(member)
    body = {"file_id": str(file.file_id), "source_language": "en", "target_language": "es"}
    headers = {**member.headers, "Idempotency-Key": str(uuid4())}
    answers = await asyncio.gather(
        *(
            world.replicas[number % 2].client.post(
                "/api/v1/jobs/video-translate/create", json=body, headers=headers
            )
            for number in range(8)
        )
    )
    created = [answer for answer in answers if answer.status_code == 201]
    assert created
    assert len({answer.json()["id"] for answer in created}) == 1
    assert all(
        answer.json()["code"] == "idempotency_in_flight" for answer in answers if answer.status_code != 201
    )
    assert len((await world.client.get("/api/v1/jobs", headers=member.headers)).json()["items"]) == 1


async def test_an_error_frees_the_key(world: World) -> None:
    member = await world.register(credits_=0)
    job = await world.create_job(member)
    headers = {**member.headers, "Idempotency-Key": "process-1"}
    path = f"/api/v1/jobs/{job['id']}/process"
    assert (await world.client.post(path, headers=headers)).status_code == 402
    await world.tell(world.line(member.user_id, EntryKind.GRANT, 10, after=10))
    assert (await world.client.post(path, headers=headers)).status_code == 202
    replayed = await world.client.post(path, headers=headers)
    assert replayed.status_code == 202
    assert replayed.headers["idempotent-replayed"] == "true"


async def test_what_is_kept_for_a_key_is_sealed(world: World) -> None:
    member = await world.register()
    headers = {**member.headers, "Idempotency-Key": "k"}
    first = await world.client.post("/api/v1/api-keys", json={"name": "ci"}, headers=headers)
    again = await world.client.post("/api/v1/api-keys", json={"name": "ci"}, headers=headers)
    assert first.json()["key"] == again.json()["key"]
    async with world.database.transaction() as connection:
        kept = await connection.fetchval("SELECT string_agg(sealed, '') FROM idempotency")
    assert first.json()["key"] not in kept


@pytest.mark.parametrize("key", ["", "x" * 256, "tab\there"])
async def test_a_bad_key_is_refused(world: World, key: str) -> None:
    member = await world.register()
    answer = await world.client.post(
        "/api/v1/api-keys", json={"name": "ci"}, headers={**member.headers, "Idempotency-Key": key}
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_idempotency_key")


async def test_limits_are_told_and_kept(make_world: MakeWorld) -> None:
    world = await make_world(rate_limit_requests="3/minute")
    member = await world.register()
    answers = [await world.client.get("/api/v1/credits", headers=member.headers) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert [answer.headers["ratelimit-remaining"] for answer in answers] == ["2", "1", "0", "0"]
    assert answers[0].headers["ratelimit-policy"] == '"default";q=3;w=60'
    assert answers[3].json()["code"] == "rate_limited"
    assert int(answers[3].headers["retry-after"]) > 0
    other = await world.register()
    assert (await world.client.get("/api/v1/credits", headers=other.headers)).status_code == 200


async def test_the_history_is_newest_first_with_balances(world: World) -> None:
    member = await world.register(credits_=100)
    held = world.line(member.user_id, EntryKind.RESERVE, -10, after=90, held=10)
    captured = world.line(member.user_id, EntryKind.CAPTURE, 0, after=90, held=0)
    # Late, early and twice: the newest line stands.
    await world.tell(captured)
    await world.tell(held, captured)
    balance = (await world.client.get("/api/v1/credits", headers=member.headers)).json()
    assert balance == {"available": 90, "held": 0, "total": 90}
    first = (
        await world.client.get("/api/v1/credits/transactions", params={"limit": 2}, headers=member.headers)
    ).json()
    assert [(item["kind"], item["balance_after"]) for item in first["items"]] == [
        ("capture", 90),
        ("reserve", 90),
    ]
    second = (
        await world.client.get(
            "/api/v1/credits/transactions",
            params={"limit": 2, "cursor": first["next_cursor"]},
            headers=member.headers,
        )
    ).json()
    assert [(item["kind"], item["amount"]) for item in second["items"]] == [("grant", 100)]
    assert second["next_cursor"] is None
    prices = (await world.client.get("/api/v1/credits/prices", headers=member.headers)).json()
    assert prices["kinds"]["video_translate"]["tiers"][0]["credits"] == 10


async def test_an_administrator_grants_and_others_do_not(world: World) -> None:
    admin, member = await world.register("admin@example.org"), await world.register(credits_=0)
    body = {"email": member.email, "amount": 50, "reason": "sorry"}
    refused = await world.client.post("/api/v1/admin/credits/grants", json=body, headers=member.headers)
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    asking = asyncio.create_task(
        world.client.post("/api/v1/admin/credits/grants", json=body, headers=admin.headers)
    )
    grant: GrantRequested = await world.next_published(GrantRequested)
    assert (grant.user_id, grant.amount, grant.requested_by) == (member.user_id, 50, admin.user_id)
    await world.tell(world.line(member.user_id, EntryKind.GRANT, 50, after=50))
    answer = await asking
    assert answer.status_code == 201
    assert UUID(answer.json()["id"]) == grant.grant_id
    async with world.database.transaction() as connection:
        audit = await connection.fetchrow("SELECT * FROM admin_grants")
    assert (audit["requested_by"], audit["reason"]) == (admin.user_id, "sorry")
    unknown = await world.client.post(
        "/api/v1/admin/credits/grants",
        json={**body, "email": "nobody@example.org"},
        headers=admin.headers,
    )
    assert (unknown.status_code, unknown.json()["code"]) == (404, "user_not_found")
    for wrong in ({**body, "amount": 0}, {**body, "user_id": str(member.user_id)}, {**body, "reason": " "}):
        answer = await world.client.post("/api/v1/admin/credits/grants", json=wrong, headers=admin.headers)
        assert answer.status_code == 422
