"""Names of objects. A made thing is named after everything that it was made from."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID


def user_prefix(user_id: UUID) -> str:
    """What the keys of all of a user's objects begin with; nobody else's do."""
    return f"users/{user_id}/"


def upload_key(user_id: UUID, file_id: UUID) -> str:
    """The key of a file that a user brought."""
    return f"{user_prefix(user_id)}uploads/{file_id}"


def artifact_key(
    user_id: UUID,
    stage: str,
    *,
    inputs: Sequence[str],
    engine: str,
    version: str,
    params: Mapping[str, Any],
) -> str:
    """The key of what `stage` makes: `users/{user}/artifacts/{stage}/{digest}`.

    `inputs` are the sha256 digests (hex) of all bytes that were read, in a fixed order; `engine`,
    its `version` and `params` (JSON values; the order of names does not matter) are everything else
    that the result depends on. Equal arguments give an equal key, so what exists under it need not
    be made again. Raises TypeError where a parameter is no JSON value.
    """
    recipe = {"engine": engine, "inputs": list(inputs), "params": dict(params), "version": version}
    digest = sha256_of(canonical_json(recipe))
    return f"{user_prefix(user_id)}artifacts/{stage}/{digest}"


def canonical_json(value: Any) -> bytes:
    """One JSON value always as the same bytes: sorted names, no white space, no NaN, UTF-8."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode()


def sha256_of(data: bytes) -> str:
    """The sha256 digest of bytes, in hex."""
    return hashlib.sha256(data).hexdigest()
