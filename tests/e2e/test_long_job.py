"""Half an hour of speech: stages overlap, memory stays flat, and nothing has drifted at the end."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from octavia_local.api import Api
from octavia_local.platform import Platform
from octavia_samples.factory import make_long_video

from . import dubbing
from .collector import Collector
from .conftest import eventually, own_environment
from .ledger import assert_paid_once, verify_ledger

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(900)]

SECONDS = 30 * 60
MOST_MEMORY_MIB = 400
"""Of any one process of a service at its peak. Half an hour of 48 kHz stereo alone is 330 MiB, twice that in
float, so whoever held a whole track in memory would be found out."""


@pytest.fixture
def traced(addresses: Any, tmp_path: Path) -> Iterator[tuple[Platform, Collector]]:
    """A real platform of its own that tells a collector what it does."""
    with Collector() as collector:
        environment = {**own_environment(addresses), "OTLP_ENDPOINT": collector.endpoint}
        with Platform(tmp_path / "logs", environment, workers={"transcriber": 2}) as running:
            yield running, collector


def peak_memory_mib(platform: Platform) -> dict[str, int]:
    """The most memory each process of a service has ever had, in MiB."""
    peaks = {}
    for service in platform.all():
        status = Path(f"/proc/{service.process.pid}/status").read_text()
        line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
        peaks[service.process.name] = int(line.split()[1]) // 1024
    return peaks


async def test_half_an_hour(traced: tuple[Platform, Collector], tmp_path: Path) -> None:
    platform, collector = traced
    source = tmp_path / "long.mp4"
    truth = make_long_video(source, SECONDS)
    assert truth.duration > SECONDS - 30
    async with Api(platform.url) as user:
        await user.register()
        job = await user.create((await user.upload(source))["file_id"], "es")
        assert job["quote"]["credits"] == 50 if truth.duration < SECONDS else 100
        await user.process(job["id"])
        done = await user.wait(job["id"], timeout=800, poll=1)
        assert done["status"] == "completed", done
        output = await user.download(job["id"], "es", tmp_path / "long.es.mp4")
        segments = (await user.transcript(job["id"], "es"))["segments"]
        await assert_paid_once(user, job)

    peaks = peak_memory_mib(platform)
    assert max(peaks.values()) < MOST_MEMORY_MIB, peaks

    async def all_told() -> bool:
        return any(span.name == "assembler" for span in collector.of_job(job["id"]))

    await eventually(all_told)
    spans = collector.of_job(job["id"])
    recognised = [span for span in spans if span.name == "transcriber.recogniser"]
    spoken = [span for span in spans if span.name == "synthesizer"]
    assert len(recognised) > 30
    assert min(span.start for span in spoken) < max(span.end for span in recognised)
    before = [span for span in spoken if span.end < max(span.end for span in recognised)]
    assert len(before) > len(spoken) / 2, "most chunks should have been spoken before the last was recognised"
    assert len({span.trace_id for span in (*recognised, *spoken)}) == 1, "one trace a job"

    dubbing.assert_picture_untouched(source, output)
    dubbing.assert_in_order_and_apart(segments)
    dubbing.assert_loudness_follows(source, output)
    # Drift would show at the end and not at the beginning.
    dubbing.assert_onsets(output, [line.start for line in truth.lines[:10]])
    dubbing.assert_onsets(output, [line.start for line in truth.lines[-10:]])
    verify_ledger(platform)
