"""Two hours with long silences and 1,500 lines: memory stays flat, nothing drifts, a line is mended alone.

Recogniser and translator take no time here, and speech is a tone as long as what it replaces: what is tried
is all that moves and joins the pieces. Source, cuts, sound and picture are real.
"""

import time
from collections.abc import Iterator, Sequence
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import pytest
from octavia_common.artifacts import S3ArtifactStore, S3Client
from octavia_local.api import Api
from octavia_local.platform import Platform
from octavia_samples.factory import Picture, make_speech_video
from octavia_samples.script import SENTENCES, Line
from octavia_samples.truth import SpokenLine

from . import dubbing
from .conftest import eventually, own_environment
from .ledger import assert_paid_once, verify_ledger
from .test_long_job import MOST_MEMORY_MIB, peak_memory_mib

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(2400)]

LINES = 1500
SILENCE_EVERY, SILENCE_SECONDS = 100, 130.0
QUICK_ENGINES = {
    "TRANSCRIBER_ENGINE": "timed",
    "TRANSLATOR_ENGINE": "timed",
    "SYNTHESIZER_ENGINE": "timed",
}
PICTURE = Picture(width=160, height=90, rate="5", preset="ultrafast", quality=40)


def script() -> Iterator[Line]:
    """Lines of one speaker, 0.8 s apart, with a long silence before every hundredth."""
    for number, text in enumerate(islice(cycle(SENTENCES), LINES)):
        is_late = number % SILENCE_EVERY == SILENCE_EVERY - 1
        yield Line("S1", text, SILENCE_SECONDS if is_late else 0.8)


@pytest.fixture
def quick(addresses: Any, tmp_path: Path) -> Iterator[tuple[Platform, dict[str, str]]]:
    """A real platform of its own, whose engines take no time, and its environment."""
    environment = {
        **own_environment(addresses),
        **QUICK_ENGINES,
        "WELCOME_CREDITS": "1000",
        "ACCESS_TOKEN_SECONDS": "7200",
    }
    with Platform(tmp_path / "logs", environment) as running:
        yield running, environment


async def kept_blocks(environment: dict[str, str]) -> set[str]:
    """Keys of all pieces of sound that are kept for anybody."""
    client = S3Client(
        *(environment[name] for name in ("S3_ENDPOINT", "S3_ACCESS_KEY", "S3_SECRET_KEY", "S3_BUCKET"))
    )
    store = S3ArtifactStore(client)
    try:
        return {key async for key in store.list_keys("users/") if "/assembler-block/" in key}
    finally:
        await store.close()


def assert_as_promised(
    source: Path, output: Path, spoken: Sequence[SpokenLine], segments: list[dict[str, Any]]
) -> None:
    """The picture is the source's, lines are in order, and the last ones lie as exactly as the first."""
    dubbing.assert_picture_untouched(source, output)
    dubbing.assert_in_order_and_apart(segments)
    dubbing.assert_loudness_follows(source, output)
    for some in (spoken[:10], spoken[-10:]):
        dubbing.assert_onsets(output, [line.start for line in some])


async def test_two_hours(quick: tuple[Platform, dict[str, str]], tmp_path: Path) -> None:
    platform, environment = quick
    source = tmp_path / "two-hours.mp4"
    truth = make_speech_video(source, script(), picture=PICTURE)
    assert 2 * 3600 - 300 < truth.duration < 2 * 3600 + 600
    async with Api(platform.url, timeout=300) as user:
        await user.register()
        job = await user.create((await user.upload(source))["file_id"], "es")
        await user.process(job["id"])
        done = await user.wait(job["id"], timeout=1500, poll=2)
        assert done["status"] == "completed", done
        output = await user.download(job["id"], "es", tmp_path / "out.mp4")
        segments = (await user.transcript(job["id"], "es"))["segments"]
        assert len(segments) >= LINES * 0.95
        await assert_paid_once(user, job)
        assert_as_promised(source, output, truth.lines, segments)

        before = await kept_blocks(environment)
        path = f"/api/v1/jobs/{job['id']}"
        table = await user.call("GET", f"{path}/segments", params={"language": "es"})
        line = table["segments"][len(table["segments"]) // 2]
        shorter = {"language": "es", "revision": 0, "end": line["end"] - 0.4}
        voice = f"{path}/segments/{line['id']}/audio"
        said = (await user.http.get(voice, params={"language": "es"})).content
        await user.call("PATCH", f"{path}/segments/{line['id']}", json=shorter)
        began = time.perf_counter()
        await user.call("POST", f"{path}/render", json={})

        async def is_heard() -> bool:
            heard = await user.http.get(voice, params={"language": "es"})
            assert heard.status_code in (200, 409), heard.text
            return heard.status_code == 200 and heard.content != said

        async def is_rendered() -> bool:
            (language,) = (await user.call("GET", f"{path}/languages"))["items"]
            assert language["status"] in ("rendering", "completed"), language
            return bool(language["status"] == "completed")

        await eventually(is_heard, timeout=300)
        print(f"the line was heard after {time.perf_counter() - began:.1f} s")
        await eventually(is_rendered, timeout=300)
        print(f"the whole was rendered after {time.perf_counter() - began:.1f} s")
        edited = await user.download(job["id"], "es", tmp_path / "edited.mp4")
        assert edited.read_bytes() != output.read_bytes()
        assert_as_promised(source, edited, truth.lines, (await user.transcript(job["id"], "es"))["segments"])
        # Figures and sound of the blocks that the line touches: it is near the edge of two at most.
        assert 0 < len(await kept_blocks(environment) - before) <= 4
    peaks = peak_memory_mib(platform)
    assert max(peaks.values()) < MOST_MEMORY_MIB, peaks
    verify_ledger(platform)
