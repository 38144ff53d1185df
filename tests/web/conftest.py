"""A browser for the tests of pages, with what it must never do watched."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, sync_playwright

from .staging import Stage, staged

CHROMIUM = "/usr/bin/chromium"
"""Debian's own: what `make setup` installs."""


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


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The browser, once for all tests."""
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
        context.set_default_timeout(20_000)
        contexts.append(context)
        page = context.new_page()
        watched.append(Watched(origin))
        watched[-1].on(page)
        return page

    yield visit
    for context in contexts:
        context.close()
    assert [line for one in watched for line in one.wrong] == []


@pytest.fixture
def stage() -> Iterator[Stage]:
    """An API that answers what the test puts there."""
    with staged() as served:
        yield served
