"""How problems appear in the OpenAPI document."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from octavia_gateway.problems import MEDIA_TYPE


class FieldProblem(BaseModel):
    """One field that is missing or wrong."""

    in_: str = Field(alias="in", description="body, query, path or header")
    field: str
    code: str
    message: str


class Problem(BaseModel):
    """RFC 9457. `code` is stable; title and detail follow Accept-Language (en, vi). More members may come."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str
    request_id: str
    errors: list[FieldProblem] | None = None


_WORDS = {
    400: "The request cannot be read",
    408: "The body did not arrive in time",
    401: "Not signed in",
    402: "Not enough credits: `balance` and `required` say how many are missing",
    403: "Not allowed",
    404: "No such object, or not yours",
    409: "In conflict with the present state",
    410: "Its time is over",
    412: "Another version of the protocol",
    413: "Too large",
    415: "A body of another kind than this takes",
    416: "The range lies outside the file",
    422: "Not valid",
    429: "Too many requests: `Retry-After` says when to come back",
    460: "The checksum differs from the bytes received",
    503: "Temporarily unavailable",
}


def problems(*statuses: int, signed_in: bool = True) -> dict[int | str, dict[str, Any]]:
    """The `responses` of an endpoint that may answer with these, and with what any endpoint may."""
    every = {*statuses, 429, *((401,) if signed_in else ())}
    return {status: _response(status) for status in sorted(every)}


def _response(status: int) -> dict[str, Any]:
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {"description": _WORDS[status], "content": content}


_BODY_PROBLEMS = (400, 408, 413, 415, 422)
_METHODS_WITH_BODY = frozenset({"post", "put", "patch"})


def describe_problems(document: dict[str, Any]) -> None:
    """Put the problem document into the OpenAPI document, in place of the framework's own error shape, and
    into every operation what the gateway as a whole may answer to it."""
    schemas = document["components"]["schemas"]
    described = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(described.pop("$defs"))
    schemas["Problem"] = described
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            responses = operation["responses"]
            if "HTTPValidationError" in str(responses.get("422", "")):
                del responses["422"]
            for status in _of_any(path, method, operation):
                responses.setdefault(str(status), _response(status))


def _of_any(path: str, method: str, operation: dict[str, Any]) -> list[int]:
    found = {429, 503}
    if operation.get("security"):
        found.add(401)
    if "{" in path:
        found |= {404, 422}
    if operation.get("parameters"):
        found.add(422)
    if method in _METHODS_WITH_BODY:
        found.update(_BODY_PROBLEMS)
        found.add(409)  # of an Idempotency-Key whose first request is at work
    return sorted(found)
