"""RFC 9457: every error of the HTTP API is a problem document, in the reader's language."""

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, ClassVar

from fastapi import FastAPI, Request
from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import RequestValidationError
from octavia_common.errors import OctaviaError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from octavia_gateway import messages
from octavia_gateway.messages import Language

MEDIA_TYPE = "application/problem+json"


MOST_FIELD_ERRORS = 20
LONGEST_FIELD = 100
"""Of what the caller named itself, no more is repeated than a person would read."""


class ProblemResponse(JSONResponse):
    """A problem document. Halves of characters, which JSON lets callers send, are shown as question marks."""

    media_type = MEDIA_TYPE

    def render(self, content: Any) -> bytes:
        """The document as JSON."""
        return json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode(
            errors="replace"
        )


class ApiError(OctaviaError):
    """Base of the gateway's own errors; `headers` are sent with the problem."""

    status: ClassVar[int] = 400
    code: ClassVar[str] = "http_error"

    def __init__(self, message: str, *, headers: Mapping[str, str] | None = None, **context: Any) -> None:
        super().__init__(message, **context)
        self.headers = dict(headers or {})


class NotFoundError(ApiError):
    """There is nothing here, or nothing of this user's: the same answer, so that nobody can tell."""

    status = 404
    code = "not_found"


class ForbiddenError(ApiError):
    """Signed in, but not allowed."""

    status = 403
    code = "forbidden"


def problem(
    request: Request,
    *,
    status: int,
    code: str,
    detail: str,
    context: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> ProblemResponse:
    """The problem document of one error; `context` becomes its extension members."""
    language = messages.chosen_language(request.headers.get("accept-language"))
    context = context or {}
    body = {
        **jsonable_encoder(dict(context)),
        "type": f"urn:octavia:problem:{code}",
        "title": messages.title_of(code, language),
        "status": status,
        "detail": messages.detail_of(code, detail, context, language),
        "instance": request.url.path,
        "code": code,
        "request_id": request.scope.get("request_id", ""),
    }
    return ProblemResponse(
        body,
        status_code=status,
        headers={**(headers or {}), "Content-Language": language, "Vary": "Accept-Language"},
    )


def internal_problem(request: Request) -> ProblemResponse:
    """What is said of an error nobody foresaw; its cause is in the log under the request id."""
    detail = "Something went wrong on our side. Try again; if it stays, report the request_id."
    return problem(request, status=500, code="internal", detail=detail)


async def on_octavia_error(request: Request, error: Exception) -> Response:
    """Any error of ours: it knows its own status and code."""
    assert isinstance(error, OctaviaError)
    headers = dict(getattr(error, "headers", {}))
    if error.status == 503:
        headers.setdefault("Retry-After", "2")
    return problem(
        request,
        status=error.status,
        code=error.code,
        detail=error.message,
        context=error.context,
        headers=headers,
    )


async def on_validation_error(request: Request, error: Exception) -> Response:
    """A request that is not of the documented shape: one line a field."""
    assert isinstance(error, RequestValidationError)
    language = messages.chosen_language(request.headers.get("accept-language"))
    fields = [_field_error(item, language) for item in error.errors()[:MOST_FIELD_ERRORS]]
    detail = "Some fields are missing or not valid: " + "; ".join(
        f"{item['field'] or 'body'}: {item['message']}" for item in fields[:5]
    )
    return problem(request, status=422, code="invalid_request", detail=detail, context={"errors": fields})


def _field_error(item: Mapping[str, Any], language: Language) -> dict[str, str]:
    message = messages.validation_message(item["type"], str(item["msg"]), item.get("ctx") or {}, language)
    location: Sequence[Any] = item["loc"]
    return {
        "in": str(location[0]),
        "field": ".".join(map(str, location[1:]))[:LONGEST_FIELD],
        "code": item["type"],
        "message": message,
    }


async def on_unforeseen_error(request: Request, error: Exception) -> Response:
    """Anything else; the middleware around the application logs it."""
    return internal_problem(request)


_CODES = {
    401: "unauthenticated",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    408: "request_timeout",
    413: "request_too_large",
    415: "unsupported_encoding",
}


async def on_http_exception(request: Request, error: Exception) -> Response:
    """What the framework refuses by itself: unknown routes, wrong methods, unreadable bodies."""
    assert isinstance(error, HTTPException)
    code = _CODES.get(error.status_code, "http_error")
    detail = str(error.detail or HTTPStatus(error.status_code).phrase)
    if error.status_code == 404:
        detail = f"There is nothing at {request.url.path}; see /docs for what there is."
    if error.status_code == 405:
        detail = f"{request.url.path} does not take {request.method}; see /docs for what it takes."
    if error.status_code == 413:
        detail = "The body of this request is larger than it can be. Files go to /api/v1/upload."
    if error.status_code == 408:
        detail = "The body of this request did not arrive in time. Send it again."
    if error.status_code == 415:
        detail = "Compressed bodies are not taken. Send it without Content-Encoding."
    return problem(request, status=error.status_code, code=code, detail=detail, headers=error.headers)


def install(app: FastAPI) -> None:
    """Make every error of `app` a problem document."""
    app.add_exception_handler(OctaviaError, on_octavia_error)
    app.add_exception_handler(RequestValidationError, on_validation_error)
    app.add_exception_handler(HTTPException, on_http_exception)
    app.add_exception_handler(Exception, on_unforeseen_error)
