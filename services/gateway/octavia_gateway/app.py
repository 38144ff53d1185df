"""The HTTP application, built from injected resources."""

from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi_offline import FastAPIOffline
from octavia_common.health import Health
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp

from octavia_gateway import problems
from octavia_gateway.admin import endpoints as admin
from octavia_gateway.admin import overview_endpoints as admin_overview
from octavia_gateway.api_keys import endpoints as api_keys
from octavia_gateway.auth import endpoints as auth
from octavia_gateway.auth import media_endpoints as media_cookie
from octavia_gateway.batches import endpoints as batches
from octavia_gateway.capabilities import endpoints as capabilities
from octavia_gateway.credits import endpoints as credits_
from octavia_gateway.editing import endpoints as editing
from octavia_gateway.erasure import endpoints as erasure
from octavia_gateway.events import endpoints as events
from octavia_gateway.events.handover import Handover
from octavia_gateway.exports import endpoints as exports
from octavia_gateway.files import endpoints as files
from octavia_gateway.glossaries import endpoints as glossaries
from octavia_gateway.jobs import endpoints as jobs
from octavia_gateway.middleware import RequestContext
from octavia_gateway.openapi import describe_problems
from octavia_gateway.remote import endpoints as remote
from octavia_gateway.resources import Resources
from octavia_gateway.reviewing import endpoints as reviewing
from octavia_gateway.sessions import endpoints as sessions
from octavia_gateway.videos import admin as video_admin
from octavia_gateway.videos import callback_endpoints as video_callbacks
from octavia_gateway.videos import content_endpoints as video_content
from octavia_gateway.videos import endpoints as videos
from octavia_gateway.videos import share_endpoints as video_sharing
from octavia_gateway.voices import endpoints as speakers
from octavia_gateway.web import endpoints as web
from octavia_gateway.webhooks import endpoints as webhooks

ROUTERS: tuple[APIRouter, ...] = (
    auth.router,
    media_cookie.router,
    sessions.router,
    erasure.router,
    api_keys.router,
    remote.router,
    *files.routers,
    capabilities.router,
    batches.router,
    glossaries.glossaries,
    glossaries.pronunciations,
    speakers.router,
    jobs.router,
    editing.router,
    reviewing.router,
    exports.router,
    videos.batches,
    videos.router,
    video_content.router,
    video_sharing.router,
    video_sharing.public,
    video_callbacks.router,
    events.router,
    webhooks.router,
    credits_.router,
    admin.router,
    admin_overview.router,
    video_admin.router,
)

DESCRIPTION = """Dubs videos into other languages and makes videos of prompts and pictures, paid with credits.

Errors are RFC 9457 problem documents with a stable `code`, in English or Vietnamese by
`Accept-Language`. POSTs that create or cost take an `Idempotency-Key`. Lists are paged by `cursor`.
Calls are limited; `RateLimit` fields say what is left.
"""


def build_app(resources: Resources, health: Health | None = None) -> ASGIApp:
    """The application; whoever calls owns the resources and closes them.

    The documentation's pages bring their scripts with them: nothing is loaded from elsewhere. An address with
    a slash too many is nothing: a redirect would name whatever host the caller put into its request.
    """
    app: FastAPI = FastAPIOffline(
        title="Octavia",
        version="1",
        description=DESCRIPTION,
        redoc_url=None,
        static_url="/docs/assets",
        redirect_slashes=False,
    )
    app.state.resources = resources
    problems.install(app)
    for router in ROUTERS:
        app.include_router(router)
    app.router.routes.extend((health or Health()).routes())
    app.router.routes.extend(web.routes())
    _describe_problems(app)
    origins = resources.settings.allowed_origins()
    if origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=origins,
            allow_methods=["*"],
            allow_headers=["*"],
            expose_headers=["*"],
            max_age=600,
        )
    return Handover(RequestContext(app))


def _describe_problems(app: FastAPI) -> None:
    generate = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            describe_problems(generate())
        return app.openapi_schema or {}

    app.openapi = openapi  # type: ignore[method-assign]
