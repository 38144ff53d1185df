"""Every route against every kind of caller: 401, 404 or 403 as it should be, and to its owner neither."""

import asyncio
import base64
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey
from octavia_gateway.auth.tokens import ALGORITHM, ISSUER, AccessClaims, AccessTokens

from .doors import SECRET, Doors, Member
from .routes import PUBLIC, Operation, ask, furnished, operations

pytestmark = pytest.mark.integration

AN_HOUR = timedelta(hours=1)


async def schema_of(doors: Doors) -> dict[str, Any]:
    return dict((await doors.client.get("/openapi.json")).json())


async def test_what_needs_no_account_is_a_closed_list(doors: Doors) -> None:
    every = operations(await schema_of(doors))
    assert len(every) > 30
    unguarded = {
        (each.method, each.path) for each in every if each.document and not each.document.get("security")
    }
    assert unguarded == PUBLIC & {(each.method, each.path) for each in every if each.document}


async def test_nobody_without_a_valid_credential_gets_in(doors: Doors) -> None:
    owner = await doors.member()
    schema = await schema_of(doors)
    things = await furnished(doors, owner, schema)
    guarded = [operation for operation in operations(schema) if not operation.public]
    let_in = []
    for name, authorization in (await _bad_credentials(doors, owner)).items():
        headers = {"Authorization": authorization.encode("latin-1")} if authorization is not None else {}
        answers = await asyncio.gather(*(ask(doors, each, schema, things, headers) for each in guarded))
        for operation, (status, text) in zip(guarded, answers, strict=True):
            if status != 401 or _shown(text, things.marks(owner)):
                let_in.append((name, str(operation), status, text[:200]))
    assert not let_in


async def test_another_user_finds_nothing(doors: Doors) -> None:
    owner, other = await doors.member(), await doors.member()
    schema = await schema_of(doors)
    things = await furnished(doors, owner, schema)
    wrong = []
    for operation in operations(schema):
        if operation.public:
            continue
        caller = await doors.member() if operation.ends_the_caller else other
        status, text = await ask(doors, operation, schema, things, caller.headers)
        if status not in _expected_of_another(operation) or _shown(text, things.marks(owner)):
            wrong.append((str(operation), status, text[:200]))
    assert not wrong


async def test_an_administrator_is_no_other_users_master(doors: Doors) -> None:
    owner, admin = await doors.member(), await doors.administrator()
    schema = await schema_of(doors)
    things = await furnished(doors, owner, schema)
    wrong = []
    for operation in operations(schema):
        if operation.public or operation.administrative or operation.ends_the_caller:
            continue
        status, text = await ask(doors, operation, schema, things, admin.headers)
        if status not in _expected_of_another(operation) or _shown(text, things.marks(owner)):
            wrong.append((str(operation), status, text[:200]))
    assert not wrong


async def test_administration_is_for_administrators_by_session_and_by_key(doors: Doors) -> None:
    member, admin = await doors.member(), await doors.administrator()
    schema = await schema_of(doors)
    things = await furnished(doors, member, schema)
    made = await doors.client.post("/api/v1/api-keys", json={"name": "x"}, headers=member.headers)
    key = {"Authorization": f"Bearer {made.json()['key']}"}
    administrative = [each for each in operations(schema) if each.administrative]
    assert administrative
    for operation in administrative:
        assert "/admin/" in operation.path
        for headers, expected in ((member.headers, {403}), (key, {403})):
            status, _ = await ask(doors, operation, schema, things, headers)
            assert status in expected, str(operation)
        status, text = await ask(doors, operation, schema, things, admin.headers)
        assert status not in (401, 403), (str(operation), text)
    assert not [each for each in operations(schema) if "/admin/" in each.path and not each.administrative]


async def test_the_owner_finds_everything(doors: Doors) -> None:
    """Else the other tests would prove nothing: each refusal above is for the caller, not for the request."""
    schema = await schema_of(doors)
    lasting = await doors.member()
    unchanged = await furnished(doors, lasting, schema)
    refused = []
    for operation in operations(schema):
        if operation.public or operation.administrative:
            continue
        owner, things = lasting, unchanged
        if operation.changes:
            owner = await doors.member()
            things = await furnished(doors, owner, schema)
        status, text = await ask(doors, operation, schema, things, owner.headers)
        # A file that is no video may be refused; a request that is not understood proves nothing.
        if status in (401, 403, 404, 405) or status >= 500 or '"invalid_request"' in text:
            refused.append((str(operation), status, text[:300]))
    assert not refused


def _expected_of_another(operation: Operation) -> set[int]:
    if operation.administrative:
        return {403}
    if operation.names_an_object:
        return {404}
    return {200, 201, 202, 204, 422}  # about the caller's own things; 422 for an upload that is no media


def _shown(text: str, marks: list[str]) -> list[str]:
    # The answer's `instance` and detail repeat the ids that the request itself named.
    try:
        document = json.loads(text)
    except ValueError:
        return [mark for mark in marks if mark in text]
    if isinstance(document, Mapping) and "instance" in document:
        return []
    return [mark for mark in marks if mark in text]


async def _bad_credentials(doors: Doors, owner: Member) -> dict[str, str | None]:
    tokens, key = AccessTokens(SECRET, lifetime=AN_HOUR), OctKey.import_key(SECRET)
    session = tokens.read(owner.access_token)
    head, claims, signature = owner.access_token.split(".")
    now = datetime.now(UTC)
    good = {
        "iss": ISSUER,
        "sub": str(owner.user_id),
        "sid": str(session.session_id),
        "exp": int((now + AN_HOUR).timestamp()),
    }

    def signed(with_key: OctKey, algorithm: str = ALGORITHM, **changes: Any) -> str:
        content = {name: value for name, value in {**good, **changes}.items() if value is not None}
        return "Bearer " + jwt.encode({"alg": algorithm}, content, with_key, algorithms=[algorithm])

    revoked = await doors.client.post(
        "/api/v1/auth/login", json={"email": owner.email, "password": "correct horse battery"}
    )
    revoked_header = f"Bearer {revoked.json()['access_token']}"
    await doors.client.post("/api/v1/auth/logout", headers={"Authorization": revoked_header})
    made = await doors.client.post("/api/v1/api-keys", json={"name": "x"}, headers=owner.headers)
    await doors.client.delete(f"/api/v1/api-keys/{made.json()['id']}", headers=owner.headers)
    stranger = await doors.member()
    return {
        "anonymous": None,
        "revoked session": revoked_header,
        "deleted key": f"Bearer {made.json()['key']}",
        "expired": "Bearer "
        + tokens.issue(AccessClaims(owner.user_id, session.session_id), now=now - 2 * AN_HOUR),
        "without expiry": signed(key, exp=None),
        "unsigned": f"Bearer {_part({'alg': 'none'})}.{_part(good)}.",
        "unsigned, in capitals": f"Bearer {_part({'alg': 'NONE'})}.{_part(good)}.",
        "signature cut off": f"Bearer {head}.{claims}.",
        "signature of another": f"Bearer {head}.{claims}.{stranger.access_token.rpartition('.')[2]}",
        "claims of another": f"Bearer {head}.{stranger.access_token.split('.')[1]}.{signature}",
        "wrong key": signed(OctKey.import_key("another secret of thirty-two characters")),
        "other algorithm": signed(key, "HS512"),
        "other issuer": signed(key, iss="somebody"),
        "session of another": signed(key, sid=str(tokens.read(stranger.access_token).session_id)),
        "session of nobody": signed(key, sid=str(uuid4())),
        "user of nobody": signed(key, sub=str(uuid4())),
        "no session": signed(key, sid=None),
        "ids that are none": signed(key, sub="x", sid="x"),
        "refresh token": f"Bearer {owner.refresh_token}",
        "encrypted": "Bearer a.b.c.d.e",
        "unknown key": "Bearer octv_unknown",
        "not ASCII": "Bearer \u00e9\u00e9",
        "basic": "Basic " + base64.b64encode(b"admin:admin").decode(),
        "nothing": "Bearer",
    }


def _part(content: Mapping[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")
