"""Every route of the API as a request that means something, made from the OpenAPI document.

A route that the document does not show is taken from the application itself. What cannot be made by
itself (a parameter of a new name, a body without an example) raises UntaughtError, so a new route is either
covered or noticed.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
from octavia_gateway.app import ROUTERS

from .doors import Doors, Member, Things

PUBLIC = {
    ("POST", "/api/v1/auth/register"),
    ("POST", "/api/v1/auth/login"),
    ("POST", "/api/v1/auth/refresh"),
    ("OPTIONS", "/api/v1/uploads"),
    ("GET", "/api/v1/capabilities"),
    ("POST", "/api/v1/video-callback/{token}"),
    ("POST", "/api/video-callback"),
    ("GET", "/s/{token}"),
    ("GET", "/s/{token}/video"),
    ("GET", "/s/{token}/poster"),
    ("GET", "/s/{token}/download"),
    *(("HEAD", f"/s/{{token}}{part}") for part in ("", "/video", "/poster", "/download")),
    ("OPTIONS", "/api/v1/uploads/{upload_id}"),
}
"""The only calls that need no account; they say nothing about anybody but what was shared."""

HIDDEN = {
    ("HEAD", "/api/v1/jobs/{job_id}/download"),
    ("HEAD", "/api/v1/jobs/{job_id}/audio"),
    ("HEAD", "/api/v1/jobs/{job_id}/segments/{segment_id}/audio"),
    ("HEAD", "/api/v1/jobs/{job_id}/exports/{export_id}/download"),
    ("HEAD", "/api/v1/files/{file_id}/content"),
    ("HEAD", "/api/v1/videos/{video_id}/content"),
    ("HEAD", "/api/v1/videos/{video_id}/thumbnail"),
    *(("HEAD", f"/s/{{token}}{part}") for part in ("", "/video", "/poster", "/download")),
    ("POST", "/api/v1/uploads/{upload_id}"),
    ("OPTIONS", "/api/v1/uploads/{upload_id}"),
}
"""Routes that the document leaves out: other spellings of what it shows."""

ADMIN_TAG = "admin"

_HEADERS = {
    "Tus-Resumable": "1.0.0",
    "Upload-Length": "1000",
    "Upload-Offset": "0",
    "X-HTTP-Method-Override": "PATCH",
}
_TUS_BODIES = {("PATCH", "/api/v1/uploads/{upload_id}"), ("POST", "/api/v1/uploads/{upload_id}")}
_KNOWN = {
    "/api/v1/jobs/{job_id}",
    "/api/v1/files/{file_id}",
    "/api/v1/uploads/{upload_id}",
    "/api/v1/api-keys/{key_id}",
    "/api/v1/sessions/{session_id}",
    "/api/v1/videos/{video_id}",
    "/api/v1/admin/jobs/{job_id}",
    "/api/v1/admin/videos/{video_id}",
    "/api/v1/jobs/{job_id}/segments/{segment_id}",
    "/api/v1/video-callback/{token}",
    "/s/{token}",
}
"""Kinds of objects that Doors.furnish makes."""


class UntaughtError(Exception):
    """A route of a kind that these tests do not know yet: teach them (tests/hostile/routes.py)."""


@dataclass(frozen=True)
class Operation:
    """One route: method, path template, and what its document says."""

    method: str
    path: str
    document: Mapping[str, Any] = field(default_factory=dict, compare=False)

    @property
    def public(self) -> bool:
        return (self.method, self.path) in PUBLIC

    @property
    def administrative(self) -> bool:
        return ADMIN_TAG in self.document.get("tags", ())

    @property
    def names_an_object(self) -> bool:
        """Whether it is about one object of somebody, by its path or by its body."""
        by_body = ("-translate/create", "/subtitles/create", "/batches")
        return "{" in self.path or (self.method == "POST" and self.path.endswith(by_body))

    @property
    def changes(self) -> bool:
        """Whether it may leave the object other than it was."""
        return self.method in ("POST", "PATCH", "PUT", "DELETE")

    @property
    def ends_the_caller(self) -> bool:
        """Whether the caller's credential is worth nothing afterwards."""
        return "logout" in self.path or (self.method == "DELETE" and "{" not in self.path)

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def operations(schema: Mapping[str, Any]) -> list[Operation]:
    """Every route of the API. Raises UntaughtError for one that is hidden and not listed as such."""
    shown = [
        Operation(method.upper(), path, document)
        for path, methods in schema["paths"].items()
        for method, document in methods.items()
    ]
    served = set(_served())
    missing = served - {(operation.method, operation.path) for operation in shown}
    if missing != HIDDEN:
        raise UntaughtError(f"routes outside the OpenAPI document: {missing ^ HIDDEN}")
    # What ends the caller's own session or account comes last.
    every = shown + [Operation(method, path) for method, path in sorted(HIDDEN)]
    return sorted(every, key=lambda each: each.ends_the_caller)


def _served() -> Iterator[tuple[str, str]]:
    for router in ROUTERS:
        for route in router.routes:
            for method in route.methods:  # type: ignore[attr-defined]
                yield method, route.path  # type: ignore[attr-defined]


def request_of(
    operation: Operation, schema: Mapping[str, Any], things: Things
) -> tuple[str, str, dict[str, Any]]:
    """Method, path and options of a request on somebody's `things`. Raises UntaughtError."""
    path = operation.path
    for kind, name in _objects(path):
        if kind not in _KNOWN and kind not in things.others:
            raise UntaughtError(f"{operation}: whose is {{{name}}}?")
        found = str(getattr(things, name)) if kind in _KNOWN else things.others[kind]
        path = path.replace(f"{{{name}}}", found)
    options: dict[str, Any] = {"headers": dict(_HEADERS)}
    if (operation.method, operation.path) in _TUS_BODIES:
        options["headers"]["Content-Type"] = "application/offset+octet-stream"
        options["content"] = b"x"
    body = operation.document.get("requestBody")
    if body and body.get("required"):
        content = body["content"]
        if "application/json" in content:
            options["json"] = example(content["application/json"]["schema"], schema, things)
        elif "multipart/form-data" in content:
            options["files"] = {"file": ("x.mp4", b"x")}
        else:
            raise UntaughtError(f"{operation}: a body of {', '.join(content)}")
    return operation.method, path, options


def _objects(path: str) -> list[tuple[str, str]]:
    """Kinds and names of the objects in a path: its beginning up to each parameter, and the parameter."""
    parts = path.split("/")
    return [
        ("/".join(parts[: index + 1]), part[1:-1]) for index, part in enumerate(parts) if part.startswith("{")
    ]


async def furnished(doors: Doors, member: Member, schema: Mapping[str, Any]) -> Things:
    """One of everything for a user: also of kinds that came later, each made by the POST of its collection.

    Raises UntaughtError for a kind that cannot be made so.
    """
    things = await doors.furnish(member)
    for operation in operations(schema):
        for kind, name in _objects(operation.path):
            if kind in _KNOWN or kind in things.others:
                continue
            collection = kind.rpartition("/")[0]
            making = schema["paths"].get(collection, {}).get("post")
            if making is None:
                raise UntaughtError(f"{operation}: nothing makes a {{{name}}}")
            method, path, options = request_of(Operation("POST", collection, making), schema, things)
            options["headers"].update(member.headers)
            answer = await doors.client.request(method, path, **options)
            if not answer.is_success:
                raise UntaughtError(f"POST {collection}: {answer.status_code} {answer.text}")
            document = answer.json()
            found = next((document[key] for key in (name, "id", "upload_id") if key in document), None)
            if found is None:
                raise UntaughtError(f"POST {collection} does not say {name}")
            things.others[kind] = str(found)
    return things


def example(part: Mapping[str, Any], schema: Mapping[str, Any], things: Things, name: str = "") -> Any:
    """A valid value of a JSON schema, with the ids of `things` for ids. Raises UntaughtError."""
    if "$ref" in part:
        found = schema
        for step in part["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        return example(found, schema, things, name)
    if part.get("format") == "uuid":
        if not hasattr(things, name):
            raise UntaughtError(f"whose is the id {name!r}?")
        return str(getattr(things, name))
    if part.get("examples"):
        return part["examples"][0]
    for word in ("anyOf", "oneOf"):
        if word in part:
            return example(part[word][0], schema, things, name)
    if "enum" in part:
        return part["enum"][0]
    match part.get("type"):
        case "object":
            fields = {
                key: example(value, schema, things, key)
                for key, value in part.get("properties", {}).items()
                if key in part.get("required", ())
            }
            return {**fields, **{key: value for key, value in _ALSO.items() if key in part["properties"]}}
        case "array":
            return [example(part["items"], schema, things, name)]
        case "string":
            return "x" * max(1, part.get("minLength", 1))
        case "integer" | "number":
            return max(1, part.get("minimum", 1))
        case "boolean":
            return True
    raise UntaughtError(f"no example of {name or part}")


_ALSO: dict[str, Any] = {"target_language": "es", "prompt": "A paper boat"}
"""Of fields of which one must be there."""


async def ask(
    doors: Doors, operation: Operation, schema: Mapping[str, Any], things: Things, headers: Mapping[str, Any]
) -> tuple[int, str]:
    """Send it with `headers`; status and text of the answer (empty for a stream that goes on)."""
    method, path, options = request_of(operation, schema, things)
    options["headers"] = {**options["headers"], **headers}
    async with doors.client.stream(method, path, **options) as answer:
        if answer.headers.get("content-type", "").startswith("text/event-stream"):
            return answer.status_code, await _beginning(answer)
        return answer.status_code, (await answer.aread()).decode(errors="replace")


async def _beginning(answer: httpx.Response) -> str:
    text = ""
    async for piece in answer.aiter_text():
        text += piece
        if "\n\n" in text:
            break
    return text
