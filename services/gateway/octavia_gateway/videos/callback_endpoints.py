"""The web hook that providers call."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Request
from pydantic import BaseModel

from octavia_gateway.openapi import problems
from octavia_gateway.resources import CurrentResources

router = APIRouter(prefix="/api", tags=["call-backs"])


class CallbackResponse(BaseModel):
    """It was noted, now or before."""

    status: Literal["received"] = "received"


_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["data"],
                    "properties": {
                        "code": {"type": "integer"},
                        "msg": {"type": "string"},
                        "data": {
                            "type": "object",
                            "properties": {"taskId": {"type": "string"}, "state": {"type": "string"}},
                        },
                    },
                }
            }
        },
    }
}
_RESPONSES = problems(401, 404, 408, 413, 415, 422, 503, signed_in=False)


@router.post("/v1/video-callback/{token}", responses=_RESPONSES, openapi_extra=_BODY)
async def take_callback(
    request: Request, token: Annotated[str, Path(max_length=200)], resources: CurrentResources
) -> CallbackResponse:
    """A provider tells of a task. It is a hint: what counts is the provider's own record, read next."""
    await resources.videos.callbacks.take(request, token)
    return CallbackResponse()


@router.post("/video-callback", responses=_RESPONSES, openapi_extra=_BODY)
async def take_signed_callback(request: Request, resources: CurrentResources) -> CallbackResponse:
    """The same at an address without a token: only where call-backs are signed, and rightly."""
    await resources.videos.callbacks.take(request, None)
    return CallbackResponse()
