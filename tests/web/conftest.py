"""A browser for the tests of pages, with what it must never do watched."""

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import psycopg
import pytest
from octavia_local.platform import Platform
from octavia_samples.factory import CHEAP, make_speech_video
from octavia_samples.script import endless
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    expect,
    sync_playwright,
)
from psycopg import sql

from .staging import Stage, staged

ADMIN = "admin@example.org"

PATIENCE = 45_000
"""Milliseconds that a busy machine may take to show what is to be seen."""

CHROMIUM = "/usr/bin/chromium"
"""Debian's own: what `make test-tools` installs."""


@dataclass
class Watched:
    """What a page did that no page may do."""

    origin: str
    wrong: list[str] = field(default_factory=list)

    def on(self, page: Page) -> None:
        """Watch a page from its beginning."""
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.wrong.append(f"error in the page: {error}"))
        page.on("request", self._request)

    def _console(self, message: ConsoleMessage) -> None:
        # What the browser says of an answer above 399 is no fault of the page.
        if message.type in ("error", "warning") and "Failed to load resource" not in message.text:
            self.wrong.append(f"console: {message.text}")

    def _request(self, request: Request) -> None:
        if not request.url.startswith((self.origin + "/", "data:")):
            self.wrong.append(f"asked elsewhere: {request.url}")


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """The browser, once for all tests of pages; gone after them, for asyncio's tests cannot run beside it."""
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--autoplay-policy=no-user-gesture-required"]
        )
        yield browser
        browser.close()


OpenContext = Callable[..., BrowserContext]


@pytest.fixture
def visitor(chromium: Browser) -> Iterator[Callable[..., Page]]:
    """Makes pages, each in a browser of its own; after the test, none has done what no page may do.

    A page that breaks its Content-Security-Policy says so on the console, so that is among it.
    """
    contexts: list[BrowserContext] = []
    watched: list[Watched] = []

    def visit(origin: str, **options: Any) -> Page:
        context = chromium.new_context(
            **{"locale": "en-GB", "viewport": {"width": 1280, "height": 900}, **options}
        )
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        page = context.new_page()
        watched.append(Watched(origin))
        watched[-1].on(page)
        return page

    yield visit
    # What a page complains of while it is being closed, such as a module cut off, is no fault of it.
    wrong = [line for one in watched for line in one.wrong]
    for context in contexts:
        context.close()
    assert wrong == []


@pytest.fixture
def stage() -> Iterator[Stage]:
    """An API that answers what the test puts there."""
    with staged() as served:
        yield served


COMMON = {
    "LOG_LEVEL": "INFO",
    "JWT_SECRET": secrets.token_hex(32),
    "ADMIN_EMAILS": ADMIN,
    "KAFKA_MOST_PARTITIONS": "4",
    "RETRY_FIRST_DELAY_SECONDS": "0.3",
    "RETRY_MAX_DELAY_SECONDS": "2",
    "RETRY_ATTEMPTS": "2",
    "WELCOME_CREDITS": "150",
    "RATE_LIMIT_REQUESTS": "100000/minute",
    "RATE_LIMIT_LOGINS": "100000/minute",
}


@pytest.fixture(scope="package")
def web_platform(addresses: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """Every service with its offline engines, once for all journeys."""
    name = f"web_{secrets.token_hex(6)}"
    with psycopg.connect(addresses.database_url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    environment = {
        **addresses.environment(),
        **COMMON,
        "DATABASE_URL": addresses.database_url.rsplit("/", 1)[0] + f"/{name}",
        "KAFKA_PREFIX": f"{name}.",
        "S3_BUCKET": name.replace("_", "-"),
    }
    with Platform(tmp_path_factory.mktemp("web-logs"), environment) as running:
        yield running


@pytest.fixture(scope="session")
def talk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A video of two spoken lines, whose name tries to be markup."""
    path = tmp_path_factory.mktemp("web-media") / "<img src=x onerror=alert(1)> & talk.mp4"
    make_speech_video(path, islice(endless(), 2), picture=CHEAP)
    return path
