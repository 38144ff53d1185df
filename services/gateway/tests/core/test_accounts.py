"""Registration, log-in, refresh, log-out, API keys."""

import asyncio

import pytest

from .world import PASSWORD, World

pytestmark = pytest.mark.integration


async def test_a_new_account_is_logged_in_and_has_its_welcome_credits(world: World) -> None:
    member = await world.register("Ada@Example.org", credits_=100)
    assert member.tokens["token_type"] == "bearer"
    assert member.tokens["expires_in"] == 900
    me = await world.client.get("/api/v1/me", headers=member.headers)
    assert me.json()["email"] == "Ada@example.org"
    balance = await world.client.get("/api/v1/credits", headers=member.headers)
    assert balance.json() == {"available": 100, "held": 0, "total": 100}


async def test_registration_does_not_wait_for_billing_for_ever(world: World) -> None:
    response = await world.client.post(
        "/api/v1/auth/register", json={"email": "a@example.org", "password": PASSWORD}
    )
    assert response.status_code == 201


async def test_one_address_has_one_account_whatever_its_case(world: World) -> None:
    await world.register("ada@example.org")
    again = await world.client.post(
        "/api/v1/auth/register", json={"email": "ADA@example.org", "password": PASSWORD}
    )
    assert again.status_code == 409
    assert again.json()["code"] == "email_taken"


async def test_a_weak_password_is_refused_with_the_rules(world: World) -> None:
    response = await world.client.post(
        "/api/v1/auth/register", json={"email": "a@example.org", "password": "short"}
    )
    assert response.status_code == 422
    assert response.json()["code"] == "weak_password"
    assert "8 to 256 characters" in response.json()["detail"]


async def test_log_in_tells_nobody_which_of_the_two_is_wrong(world: World) -> None:
    member = await world.register()
    right = await world.client.post("/api/v1/auth/login", json={"email": member.email, "password": PASSWORD})
    assert right.status_code == 200
    answers = [
        await world.client.post("/api/v1/auth/login", json={"email": email, "password": "wrong horse"})
        for email in (member.email, "nobody@example.org")
    ]
    assert [answer.status_code for answer in answers] == [401, 401]
    assert answers[0].json()["detail"] == answers[1].json()["detail"]
    assert answers[0].headers["www-authenticate"].startswith("Bearer")


async def test_refresh_tokens_rotate_and_reuse_closes_the_session(world: World) -> None:
    member = await world.register()
    first = member.tokens["refresh_token"]
    second = await world.client.post("/api/v1/auth/refresh", json={"refresh_token": first})
    assert second.status_code == 200
    assert second.json()["refresh_token"] != first
    reused = await world.client.post("/api/v1/auth/refresh", json={"refresh_token": first})
    assert (reused.status_code, reused.json()["code"]) == (401, "refresh_token_reused")
    # The thief and the owner are both out: the new refresh token and every access token.
    newest = await world.client.post(
        "/api/v1/auth/refresh", json={"refresh_token": second.json()["refresh_token"]}
    )
    assert (newest.status_code, newest.json()["code"]) == (401, "invalid_refresh_token")
    for token in (member.tokens["access_token"], second.json()["access_token"]):
        me = await world.client.get("/api/v1/me", headers={"Authorization": f"Bearer {token}"})
        assert me.status_code == 401


async def test_two_uses_of_one_refresh_token_at_once_let_one_through(world: World) -> None:
    member = await world.register()
    body = {"refresh_token": member.tokens["refresh_token"]}
    answers = await asyncio.gather(*(world.client.post("/api/v1/auth/refresh", json=body) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [200, 401, 401, 401, 401]


async def test_an_unknown_refresh_token_is_refused(world: World) -> None:
    answer = await world.client.post("/api/v1/auth/refresh", json={"refresh_token": "octr_unknown"})
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_refresh_token")


@pytest.mark.parametrize("with_access_token", [True, False])
async def test_log_out_counts_at_once(world: World, with_access_token: bool) -> None:
    member = await world.register()
    body = {"refresh_token": member.tokens["refresh_token"]}
    gone = await world.client.post(
        "/api/v1/auth/logout",
        json=None if with_access_token else body,
        headers=member.headers if with_access_token else {},
    )
    assert gone.status_code == 204
    assert (await world.client.get("/api/v1/me", headers=member.headers)).status_code == 401
    assert (await world.client.post("/api/v1/auth/refresh", json=body)).status_code == 401


async def test_log_out_of_nothing_is_refused(world: World) -> None:
    assert (await world.client.post("/api/v1/auth/logout")).status_code == 401


async def test_an_api_key_is_shown_once_works_and_dies_with_its_deletion(world: World) -> None:
    member = await world.register()
    made = await world.client.post("/api/v1/api-keys", json={"name": "ci"}, headers=member.headers)
    assert made.status_code == 201
    key = made.json()["key"]
    assert key.startswith("octv_")
    as_machine = {"Authorization": f"Bearer {key}"}
    assert (await world.client.get("/api/v1/me", headers=as_machine)).json()["id"] == str(member.user_id)
    listed = (await world.client.get("/api/v1/api-keys", headers=member.headers)).json()["items"]
    assert [item["name"] for item in listed] == ["ci"]
    assert listed[0]["last_used_at"] is not None
    assert "key" not in listed[0]
    async with world.database.transaction() as connection:
        stored = await connection.fetchrow("SELECT * FROM api_keys")
    assert key.encode() not in bytes(stored["key_hash"])
    deleted = await world.client.delete(f"/api/v1/api-keys/{made.json()['id']}", headers=member.headers)
    assert deleted.status_code == 204
    assert (await world.client.get("/api/v1/me", headers=as_machine)).status_code == 401
    again = await world.client.delete(f"/api/v1/api-keys/{made.json()['id']}", headers=member.headers)
    assert again.status_code == 404


async def test_another_users_api_key_cannot_be_deleted(world: World) -> None:
    owner, other = await world.register(), await world.register()
    made = await world.client.post("/api/v1/api-keys", json={"name": "ci"}, headers=owner.headers)
    answer = await world.client.delete(f"/api/v1/api-keys/{made.json()['id']}", headers=other.headers)
    assert answer.status_code == 404
    assert len((await world.client.get("/api/v1/api-keys", headers=owner.headers)).json()["items"]) == 1


@pytest.mark.parametrize(
    "authorization", [None, "Bearer", "Bearer x", "Basic YTpi", "Bearer octv_unknown", "Bearer a.b.c"]
)
async def test_without_valid_credentials_nothing_is_shown(world: World, authorization: str | None) -> None:
    headers = {"Authorization": authorization} if authorization else {}
    for path in ("/api/v1/me", "/api/v1/jobs", "/api/v1/credits", "/api/v1/events", "/api/v1/api-keys"):
        answer = await world.client.get(path, headers=headers)
        assert answer.status_code == 401
        assert answer.json()["code"] == "unauthenticated"
        assert answer.headers["content-type"] == "application/problem+json"
