"""Serves the web application: one shell for all of its pages, and the files that the shell loads."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from octavia_gateway.web.assets import Asset, own_assets

PAGES = (
    "/",
    "/sign-in",
    "/register",
    "/account",
    "/translate",
    "/jobs/{job_id}",
    "/jobs/{job_id}/edit",
    "/jobs/{job_id}/report",
    "/batches/{batch_id}",
    "/lists",
    "/lists/{kind}/{list_id}",
    "/create",
    "/gallery",
    "/credits",
    "/admin",
)
"""Addresses of pages; which one is shown, the application decides in the browser."""

ASSETS = "/app/{version}/{path:path}"

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self'; "
    "connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
"""Everything from this origin, nothing inline, nothing evaluated, and no HTML made of text."""

_FOREVER = "public, max-age=31536000, immutable"
_ASK_AGAIN = "no-cache"


async def shell(request: Request) -> Response:
    """The page around all pages."""
    assets = own_assets()
    return _answer(
        request,
        assets.shell,
        etag=f'"{assets.version}"',
        headers={"Content-Security-Policy": POLICY, "Cache-Control": _ASK_AGAIN},
    )


async def asset(request: Request) -> Response:
    """One file of the application.

    A page that was loaded before this process was replaced asks for files of its own version: it gets
    today's, which the browser does not keep under the old name.
    """
    assets = own_assets()
    found = assets.by_path.get(request.path_params["path"])
    if found is None:
        return Response(status_code=404)
    current = request.path_params["version"] == assets.version
    headers = {"Cache-Control": _FOREVER if current else _ASK_AGAIN}
    return _answer(request, found, etag=f'"{assets.version}"', headers=headers)


async def icon(request: Request) -> Response:
    """Where browsers look for an icon that no page named."""
    return RedirectResponse(f"/app/{own_assets().version}/icon.svg", 302)


def routes() -> list[BaseRoute]:
    """The routes of the application; they are no part of the API and its document."""
    pages: list[BaseRoute] = [Route(path, shell) for path in PAGES]
    return [*pages, Route("/favicon.ico", icon), Route(ASSETS, asset)]


def _answer(request: Request, found: Asset, *, etag: str, headers: dict[str, str]) -> Response:
    headers = {**headers, "ETag": etag, "Vary": "Accept-Encoding"}
    if request.headers.get("if-none-match") == etag:
        return Response(status_code=304, headers=headers)
    if "gzip" in request.headers.get("accept-encoding", ""):
        headers["Content-Encoding"] = "gzip"
        return Response(found.compressed, headers=headers, media_type=found.media_type)
    return Response(found.data, headers=headers, media_type=found.media_type)
