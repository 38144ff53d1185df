"""The documentation's page works on a machine that reaches nothing but us."""

import re
from types import SimpleNamespace
from urllib.parse import urljoin, urlsplit

import httpx
from octavia_gateway.app import build_app
from octavia_gateway.settings import GatewaySettings

HERE = "http://here.example"
_REFERENCE = re.compile(r"""(?:src|href|url)\s*[=:]\s*["']([^"']+)["']""")


async def test_the_page_loads_nothing_from_elsewhere_and_may_not() -> None:
    app = build_app(SimpleNamespace(settings=GatewaySettings()))  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=HERE) as client:
        page = await client.get("/docs")
        assert page.status_code == 200
        references = [urljoin(f"{HERE}/docs", found) for found in _REFERENCE.findall(page.text)]
        assert any(reference.endswith(".js") for reference in references)
        assert any(reference.endswith(".css") for reference in references)
        assert any(reference.endswith("/openapi.json") for reference in references)
        for reference in references:
            assert urlsplit(reference).netloc == "here.example"
            assert (await client.get(reference)).status_code == 200, reference
        # Whatever a script might still ask for, such as a validator's badge, the browser does not fetch.
        policy = dict(
            part.strip().split(" ", 1) for part in page.headers["content-security-policy"].split(";")
        )
        assert policy["default-src"] == "'none'"
        for sources in policy.values():
            assert set(sources.split()) <= {"'none'", "'self'", "'unsafe-inline'", "data:"}
        for other in ("/redoc", "/docs/assets/../../app.py", "/docs/assets/%2e%2e/fastapi_offline/core.py"):
            assert (await client.get(other)).status_code == 404
