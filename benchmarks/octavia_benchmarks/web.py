"""The web application in headless Chromium: what its first page weighs, when it answers on a slow machine,
and whether a gallery of two thousand videos scrolls without long tasks."""

import asyncio
from collections.abc import Mapping
from typing import Any

import psycopg
from octavia_local.api import PASSWORD, Api
from playwright.async_api import Browser, Page, async_playwright

from octavia_benchmarks.results import Figure, at_most
from octavia_benchmarks.stack import make_platform, servers

CHROMIUM = "/usr/bin/chromium"
FIRST_PAGE_KIB = 60.0
INTERACTIVE_MS = 1000.0
LONG_TASK_MS = 50.0
SLOWED = 4
"""How many times slower the processor is made for the first page: Lighthouse's mobile device."""

_VIDEOS, _QUICK_VIDEOS = 2000, 200
_STEP, _PAUSE = 700, 0.05
"""Pixels of one turn of the wheel, and seconds to the next: a hand that looks for something."""

_NO_TRANSLATION = dict.fromkeys(("transcriber", "translator", "synthesizer", "assembler"), 0)

_WATCH_TASKS = """
window.longTasks = [];
new PerformanceObserver(list => longTasks.push(...list.getEntries().map(one => one.duration)))
  .observe({type: 'longtask', buffered: true});
"""


async def measure(*, quick: bool) -> tuple[list[Figure], list[str]]:
    """Weight, time to answer, and the longest task while scrolling."""
    count = _QUICK_VIDEOS if quick else _VIDEOS
    with servers() as on, make_platform(on, {}, workers=_NO_TRANSLATION) as platform:
        async with Api(platform.url) as user:
            await user.register()
            (video,) = await user.generate("A paper boat sails down a rainy street at dusk")
            await user.wait_video(video["id"])
            await asyncio.to_thread(_multiply, platform.environment, video["id"], count)
            async with async_playwright() as playwright:
                browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
                weight, requests = await _weight(browser, platform.url)
                interactive = await _interactive(browser, platform.url)
                longest, seen = await _scroll(browser, platform.url, user.email, count)
                await browser.close()
    figures = [
        at_most("web_first_page", weight / 1024, "KiB", FIRST_PAGE_KIB),
        at_most("web_interactive", interactive, "ms", INTERACTIVE_MS),
        at_most("web_gallery_longest_task", longest, "ms", LONG_TASK_MS),
    ]
    note = (
        f"web: first page in {requests} requests; interactive with the processor {SLOWED} times slower; "
        f"{seen} videos scrolled through (tasks below 50 ms are not told one by one and count as 0)."
    )
    return figures, [note]


def _multiply(environment: Mapping[str, str], video_id: str, count: int) -> None:
    """Rows like the one that was really made, each a second older."""
    with psycopg.connect(environment["DATABASE_URL"], options="-c search_path=gateway,public") as connection:
        columns = [
            row[0]
            for row in connection.execute(
                "SELECT column_name FROM information_schema.columns "
                "WHERE table_schema = 'gateway' AND table_name = 'videos' ORDER BY ordinal_position"
            )
        ]
        new = {
            "video_id": "gen_random_uuid()",
            "hold_id": "gen_random_uuid()",
            "created_at": "v.created_at - make_interval(secs => n)",
        }
        values = ", ".join(new.get(name, f"v.{name}") for name in columns)
        connection.execute(
            f"INSERT INTO videos ({', '.join(columns)}) SELECT {values} "  # noqa: S608 - names of columns
            "FROM videos v, generate_series(1, %s) n WHERE v.video_id = %s",
            (count - 1, video_id),
        )


async def _weight(browser: Browser, url: str) -> tuple[int, int]:
    """Bytes over the wire until the first page stands, and in how many requests."""
    page = await browser.new_page()
    session = await page.context.new_cdp_session(page)
    await session.send("Network.enable")
    sizes: list[int] = []
    session.on("Network.loadingFinished", lambda event: sizes.append(int(event["encodedDataLength"])))
    await page.goto(f"{url}/sign-in")
    await page.wait_for_selector("h1")
    await page.wait_for_load_state("networkidle")
    await page.close()
    return sum(sizes), len(sizes)


async def _interactive(browser: Browser, url: str) -> float:
    """Milliseconds from the address to a form that takes letters, by the browser's own clock."""
    page = await browser.new_page()
    session = await page.context.new_cdp_session(page)
    await session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWED})
    await page.goto(f"{url}/sign-in")
    await page.wait_for_selector("input[type=email]")
    await page.fill("input[type=email]", "ada@example.org")
    taken: float = await page.evaluate("() => performance.now()")
    await page.close()
    return taken


async def _scroll(browser: Browser, url: str, email: str, count: int) -> tuple[float, int]:
    """The longest task while everything is scrolled through, and how many videos were seen."""
    page = await browser.new_page(viewport={"width": 1280, "height": 900})
    await _sign_in(page, url, email)
    await page.goto(f"{url}/gallery")
    await page.wait_for_selector(".video-card img")
    await page.wait_for_load_state("load")
    await page.evaluate(_WATCH_TASKS)
    await page.evaluate("() => { longTasks.length = 0; }")
    await page.mouse.move(640, 450)
    cards, still = 0, 0
    while cards < count and still < 100:
        await page.mouse.wheel(0, _STEP)
        await asyncio.sleep(_PAUSE)
        now = await page.locator(".video-card").count()
        still = still + 1 if now == cards else 0
        cards = now
    tasks: list[Any] = await page.evaluate("() => longTasks")
    return max(tasks, default=0.0), cards


async def _sign_in(page: Page, url: str, email: str) -> None:
    await page.goto(f"{url}/sign-in")
    await page.fill("input[type=email]", email)
    await page.fill("input[type=password]", PASSWORD)
    await page.press("input[type=password]", "Enter")
    await page.wait_for_selector("nav")
