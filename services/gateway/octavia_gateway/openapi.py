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
    401: "Not signed in",
    402: "Not enough credits: `balance` and `required` say how many are missing",
    403: "Not allowed",
    404: "No such object, or not yours",
    409: "In conflict with the present state",
    410: "Its time is over",
    413: "Too large",
    422: "Not valid",
    429: "Too many requests: `Retry-After` says when to come back",
    503: "Temporarily unavailable",
}


def problems(*statuses: int, signed_in: bool = True) -> dict[int | str, dict[str, Any]]:
    """The `responses` of an endpoint that may answer with these, and with what any endpoint may."""
    every = {*statuses, 429, *((401,) if signed_in else ())}
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {status: {"description": _WORDS[status], "content": content} for status in sorted(every)}
