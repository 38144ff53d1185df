"""Access tokens and secrets."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey
from octavia_gateway.auth.tokens import (
    API_KEY_PREFIX,
    AccessClaims,
    AccessTokens,
    InvalidTokenError,
    digest,
    new_secret,
)

SECRET = "a secret of thirty-two characters"
TOKENS = AccessTokens(SECRET, lifetime=timedelta(minutes=15))
CLAIMS = AccessClaims(uuid4(), uuid4())


def test_a_token_says_who() -> None:
    assert TOKENS.read(TOKENS.issue(CLAIMS)) == CLAIMS


def test_an_expired_token_is_refused() -> None:
    token = TOKENS.issue(CLAIMS, now=datetime.now(UTC) - timedelta(minutes=16))
    with pytest.raises(InvalidTokenError):
        TOKENS.read(token)


def test_a_token_signed_by_another_key_is_refused() -> None:
    other = AccessTokens("another secret of thirty-two chars", lifetime=timedelta(minutes=15))
    with pytest.raises(InvalidTokenError):
        TOKENS.read(other.issue(CLAIMS))


def test_an_unsigned_token_is_refused() -> None:
    header, payload, _ = TOKENS.issue(CLAIMS).split(".")
    with pytest.raises(InvalidTokenError):
        TOKENS.read(f"eyJhbGciOiJub25lIn0.{payload}.")
    with pytest.raises(InvalidTokenError):
        TOKENS.read(f"{header}.{payload}.")


@pytest.mark.parametrize("missing", ["iss", "sub", "sid", "exp"])
def test_every_claim_is_needed(missing: str) -> None:
    claims = {"iss": "octavia", "sub": str(uuid4()), "sid": str(uuid4()), "exp": 4102444800}
    del claims[missing]
    token = jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(SECRET))
    with pytest.raises(InvalidTokenError):
        TOKENS.read(token)


@pytest.mark.parametrize("garbage", ["", "x", "a.b.c", "é.é.é", "." * 5000])
def test_garbage_is_refused(garbage: str) -> None:
    with pytest.raises(InvalidTokenError):
        TOKENS.read(garbage)


def test_secrets_differ_and_are_kept_as_digests() -> None:
    one, two = new_secret(API_KEY_PREFIX), new_secret(API_KEY_PREFIX)
    assert one != two
    assert one.startswith("octv_")
    assert len(digest(one)) == 32
    assert one.encode() not in digest(one)
