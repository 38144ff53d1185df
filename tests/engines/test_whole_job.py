"""A whole job through gateway, Kafka and every stage, with faster-whisper, vLLM and Coqui.

The models are of random weights, so what comes out is noise; that it comes out whole, in time and in the
right shape is what counts.
"""

import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from octavia_local.api import Api
from octavia_local.platform import Platform
from octavia_local.vllm import VllmServer
from octavia_samples import measure
from octavia_samples.factory import make_speech_video
from octavia_samples.script import SAMPLE

from tests.e2e import dubbing
from tests.e2e.ledger import assert_paid_once, verify_ledger

# Most of it is vLLM's start: a minute on an idle machine, many on a busy one.
pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1500)]

ENGINES = {"transcriber": "faster-whisper", "translator": "vllm", "synthesizer": "coqui"}
JOB_SECONDS = 600.0


def engine_calls(platform: Platform, service: str, engine: str) -> float:
    """How often a service's engine answered."""
    pattern = rf'octavia_engine_seconds_count{{engine="{engine}",kind="{service}",outcome="ok"}} ([0-9.]+)'
    return sum(float(count) for count in re.findall(pattern, platform.metrics(service)))


def assert_answered_or_marked(segments: list[dict[str, Any]]) -> None:
    """No line is missing, none is left in the source's words, and what cannot be had says so."""
    assert segments
    for segment in segments:
        if segment["text"]:
            assert segment["text"] != segment["source_text"]
        else:
            assert segment["flags"], segment


async def test_a_whole_job_through_the_production_engines(
    production: Platform, vllm: VllmServer, tmp_path: Path
) -> None:
    source = tmp_path / "talk.mp4"
    make_speech_video(source, SAMPLE[:4])
    async with Api(production.url) as user:
        await user.register()
        can = await user.call("GET", "/api/v1/capabilities")
        assert {engine["kind"]: engine["engine"] for engine in can["engines"]} == ENGINES
        assert can["detects_language"]

        job = await user.create(
            (await user.upload(source))["file_id"],
            "es",
            source="auto",
            options={
                "formality": "informal",
                "style": "like a museum guide",
                "glossary": [{"source": "museum", "targets": {"es": "museo"}}],
            },
        )
        await user.process(job["id"])
        done = await user.wait(job["id"], timeout=JOB_SECONDS)
        assert done["status"] == "completed", done
        assert done["detected_language"] == "en"

        output = await user.download(job["id"], "es", tmp_path / "talk.es.mp4")
        segments = (await user.transcript(job["id"], "es"))["segments"]
        await assert_paid_once(user, job)

    assert_answered_or_marked(segments)
    spoken = [segment for segment in segments if segment["text"]]
    assert spoken, "not one line of noise passed for a translation"
    dubbing.assert_picture_untouched(source, output)
    dubbing.assert_in_order_and_apart(segments)
    dubbing.assert_subtitle_tracks(output, "en", "es")
    assert measure.tracks(output, "audio")[0].detail["sample_rate"] == "48000"
    late = [each for each in spoken if abs(each["placed_start"] - each["start"]) > dubbing.ONSET_SECONDS]
    assert not late
    verify_ledger(production)

    for service, engine in ENGINES.items():
        assert engine_calls(production, service, engine) > 0, f"{engine} was not asked"
    async with httpx.AsyncClient() as http:
        counted = (await http.get(f"{vllm.url.removesuffix('/v1')}/metrics")).text
    answered = re.findall(r"^vllm:request_success_total{[^}]*} ([0-9.]+)", counted, re.MULTILINE)
    assert sum(map(float, answered)) >= 1, "the model's server did the translating"
