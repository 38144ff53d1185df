"""A job is one trace, from the request that began it to the last language, and one time line."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from octavia_local.api import Api
from octavia_local.platform import Platform

from .collector import Collector, Span
from .conftest import PACED, eventually, own_environment
from .media import speech_clip

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(400)]

LANGUAGES = ("es", "fr")


@pytest.fixture
def traced(addresses: Any, tmp_path: Path) -> Iterator[tuple[Platform, Collector]]:
    """A platform with engines that take a moment, which tells a collector what it does."""
    with Collector() as collector:
        environment = {
            **own_environment(addresses),
            **PACED,
            "TIMED_ENGINE_SECONDS": "0.1",
            "OTLP_ENDPOINT": collector.endpoint,
        }
        with Platform(tmp_path, environment, workers={"videogen": 0}) as running:
            yield running, collector


async def test_a_job_is_one_trace_and_one_time_line(
    traced: tuple[Platform, Collector], tmp_path: Path
) -> None:
    platform, collector = traced
    async with Api(platform.url) as api:
        await api.register()
        clip = speech_clip(tmp_path / "talk.mp4", lines=8)
        job = await api.create((await api.upload(clip))["file_id"], *LANGUAGES)
        await api.process(job["id"])
        done = await api.wait(job["id"])
    assert done["status"] == "completed", done

    async def complete() -> list[Span]:
        spans = collector.of_job(job["id"])
        split = named(spans, "transcriber.splitter")
        told = collector.of_trace(split[0].trace_id) if split else []
        return told if len(named(told, "assembler")) == len(LANGUAGES) else []

    assert_tree(await eventually(complete))
    assert_time_line(platform, job["id"])


def assert_tree(spans: list[Span]) -> None:
    """Every stage's span hangs below what caused it; the join refers to the chunks it joined."""
    by_id = {span.span_id: span for span in spans}
    (begun,) = named(spans, "POST /api/v1/jobs/{job_id}/process")
    (split,) = named(spans, "transcriber.splitter")
    recognised, translated, spoken = (
        named(spans, name) for name in ("transcriber.recogniser", "translator", "synthesizer")
    )
    chunks = len(recognised)
    assert chunks >= 2, "the clip is cut into several chunks"
    assert len(translated) == len(spoken) == chunks * len(LANGUAGES)
    assert begun.service == "octavia-gateway"
    assert not begun.parent_id, "a trace begins at the gateway"
    assert above(split, by_id) == begun
    # Of the first chunks, the cutting; of a later one, the chunk that came out and let it in.
    causes = [above(span, by_id) for span in recognised]
    assert split in causes
    assert all(cause == split or cause in spoken for cause in causes)
    assert all(above(span, by_id) in recognised for span in translated)
    assert all(above(span, by_id) in translated for span in spoken)
    joins, assembled = named(spans, "join"), named(spans, "assembler")
    assert {span.attributes["octavia.language"] for span in joins} == set(LANGUAGES)
    for join in joins:
        linked = {by_id[span_id] for _, span_id in join.links}
        assert linked <= set(spoken)
        assert len(linked) == chunks
        assert above(join, by_id) in linked, "the last chunk to arrive"
    assert {link for join in joins for link in join.links} == {(s.trace_id, s.span_id) for s in spoken}
    assert all(above(span, by_id) in spoken for span in assembled)


def above(span: Span, by_id: dict[str, Span]) -> Span:
    """The span that a stage's span was caused by; consumers with tables stand between them."""
    parent = by_id[span.parent_id]
    return above(parent, by_id) if parent.name in BETWEEN else parent


BETWEEN = frozenset({"billing.submitted", "transcriber.window", "assembler.join", "fastapi.endpoint"})


def named(spans: list[Span], name: str) -> list[Span]:
    """Those of that name."""
    return [span for span in spans if span.name == name]


def assert_time_line(platform: Platform, job_id: str) -> None:
    """`octavia job trace` shows the same of the topics."""
    octavia = str(Path(sys.executable).with_name("octavia"))
    shown = subprocess.run(
        [octavia, "job", "trace", job_id],
        env=platform.environment,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    for milestone in ("submitted", "credits held", "planned", "all languages ready", "credits captured"):
        assert sum(f" {milestone}" in line for line in shown) == 1, shown
    bars = [line for line in shown if "|" in line]
    stages = {
        stage: [line for line in bars if line.partition("|")[0].split()[-1] == stage] for stage in STAGES
    }
    chunks = len(stages["recognised"])
    assert chunks >= 2
    assert len(stages["translated"]) == len(stages["spoken"]) == chunks * len(LANGUAGES)
    assert len(stages["assembled"]) == len(LANGUAGES)
    # On which worker: host and process of each.
    processes = {str(service.process.pid) for service in platform.all()}
    assert all(line.rpartition(":")[2] in processes for line in bars), bars


STAGES = ("recognised", "translated", "spoken", "assembled")
