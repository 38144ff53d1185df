"""videogen against the simulator in Kie's shape: every misbehaviour ends as it must."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from octavia_common.artifacts import ArtifactStore
from octavia_common.documents import RemoteVideo
from octavia_common.events import JobFailed, VideoExpired, VideoGenerated, VideoProgressed
from octavia_simulator.client import SimulatorControl
from octavia_simulator.orders import Ending
from octavia_simulator.provider import Settings
from octavia_simulator.server import running

pytestmark = pytest.mark.integration

MODEL = "kling-2.6"


@pytest.fixture(scope="module")
def _simulator_url() -> Iterator[str]:
    with running(Settings("", api_key="key", seconds=1.0)) as url:
        yield url


@pytest.fixture
def control(_simulator_url: str) -> Iterator[SimulatorControl]:
    with SimulatorControl(_simulator_url) as control:
        control.reset()
        yield control


@pytest.fixture
def kie(control: SimulatorControl) -> dict[str, str]:
    """Settings of a replica that orders from the simulator, which calls back to an address nobody answers."""
    return {
        "VIDEO_PROVIDER": "kie",
        "KIE_BASE_URL": control.url,
        "KIE_API_KEY": "key",
        "VIDEO_CALLBACK_URL": "http://127.0.0.1:9",
        "VIDEO_CALLBACK_SECRET": "a secret of tests, of so many letters",
        "VIDEO_POLL_SECONDS": "0.3",
        "VIDEO_POLL_LONGEST_SECONDS": "1",
    }


async def test_every_misbehaviour_ends_as_it_must(
    kie: dict[str, str], replica_of: Any, wire: Any, video_of: Any, control: SimulatorControl
) -> None:
    """Many videos at once, one a misbehaviour; each ends once."""
    good = {
        name: video_of(prompt=f"A good end sim:{name}", model=MODEL)
        for name in ("skip-states", "backwards", "no-figure", "429=1", "455=1", "500=1", "query-429",
                     "garbled", "lost-request=0", "message", "codes-in-body", "query-500")
    }  # fmt: skip
    bad = {
        name: video_of(prompt=f"A bad end sim:{name}", model=MODEL)
        for name in ("fail", "422", "402", "505", "missing-urls", "unreadable", "expired", "not-video",
                     "truncated", "inside")
    }  # fmt: skip
    codes = {
        "fail": "video_provider_failed",
        "422": "video_refused",
        "402": "video_provider_account",
        "505": "video_model_unavailable",
    }
    everything = [*good.values(), *bad.values()]
    async with replica_of(**kie, VIDEO_ORDERS_MOST="15", VIDEO_ORDERS_SECONDS="2"):
        await wire.say(*(video.reserved() for video in everything))
        await wire.hear(
            lambda: all(wire.about(video, VideoGenerated, JobFailed) for video in everything), seconds=90
        )
        await wire.hear_no_more(1)
    for name, video in good.items():
        assert [type(event) for event in wire.about(video, VideoGenerated, JobFailed)] == [VideoGenerated], (
            name
        )
        percents = [event.percent for event in wire.about(video, VideoProgressed)]
        assert percents == sorted(percents), (name, percents)
    for name, video in bad.items():
        (ending,) = wire.about(video, VideoGenerated, JobFailed)
        assert isinstance(ending, JobFailed), name
        assert ending.error.code == codes.get(name, "video_unusable"), (name, ending.error)
        assert "credits are back" in ending.error.message
    for video in everything:
        assert len(control.tasks_of(video.prompt)) <= 1, video.prompt


async def test_a_lost_answer_is_found_by_the_call_back_and_never_ordered_twice(
    kie: dict[str, str], replica_of: Any, wire: Any, video_of: Any, control: SimulatorControl
) -> None:
    found = video_of(prompt="Lost, and called back sim:lost-answer sim:manual", model=MODEL)
    foreign = video_of(prompt="Somebody else's sim:manual", model=MODEL)
    async with replica_of(**kie):
        await wire.say(found.reserved(), foreign.reserved())
        async with asyncio.timeout(20):
            while len(control.tasks()) < 2:
                await asyncio.sleep(0.1)
        (task,) = control.tasks_of("Lost, and")
        # Right token, wrong task: whoever has seen one call-back could send this.
        await wire.say(found.called_back("made-up"))
        await wire.hear_no_more(1)
        await wire.say(found.called_back(task["id"]))
        await wire.hear_no_more(1)
        control.end()
        await wire.hear(lambda: wire.about(found, VideoGenerated) and wire.about(foreign, VideoGenerated))
        await wire.hear_no_more(1)
    assert not wire.about(found, JobFailed)
    assert len(control.tasks()) == 2


async def test_a_lost_answer_without_any_call_back_fails_at_the_deadline(
    kie: dict[str, str], replica_of: Any, wire: Any, video_of: Any, control: SimulatorControl, tmp_path: Any
) -> None:
    """And a call-back that comes after the release brings the video home for audit."""
    models = tmp_path / "models.toml"
    models.write_text(
        """
        [[models]]
        id = "kling-2.6"
        title = "Kling"
        durations_seconds = [5]
        aspect_ratios = ["landscape"]
        deadline_seconds = 3
        [models.text_to_video]
        model = "kling-2.6/text-to-video"
        fields = [
          { name = "prompt", source = "prompt" },
          { name = "aspect_ratio", source = "aspect_ratio", choices = { landscape = "16:9" } },
          { name = "duration", source = "duration_seconds" },
        ]
        """
    )
    lost = video_of(prompt="Lost for good sim:lost-answer sim:silent", model=MODEL)
    stuck = video_of(prompt="Never ends sim:manual", model=MODEL)
    async with replica_of(**kie, VIDEO_MODELS_FILE=str(models)):
        await wire.say(lost.reserved(), stuck.reserved())
        await wire.hear(lambda: wire.about(lost, JobFailed) and wire.about(stuck, JobFailed), seconds=30)
        (task,) = control.tasks_of("Lost for good")
        await wire.say(lost.called_back(task["id"]))
        control.end(control.tasks_of("Never ends")[0]["id"])
        await wire.say(stuck.called_back(control.tasks_of("Never ends")[0]["id"]))
        await wire.hear(lambda: wire.about(lost, VideoGenerated) and wire.about(stuck, VideoGenerated))
    (failed,) = wire.about(lost, JobFailed)
    assert failed.error.code == "video_order_lost"
    assert wire.about(stuck, JobFailed)[0].error.code == "video_too_late"
    assert len(control.tasks()) == 2


async def test_a_cancelled_video_is_told_of_nothing_more_but_a_late_success(
    kie: dict[str, str], replica_of: Any, wire: Any, video_of: Any, control: SimulatorControl
) -> None:
    video = video_of(prompt="Cancelled sim:manual", model=MODEL)
    async with replica_of(**kie):
        await wire.say(video.reserved())
        await wire.hear(lambda: wire.about(video, VideoProgressed))
        await wire.say(video.cancelled())
        await wire.hear_no_more(1)
        told = len(wire.about(video, VideoProgressed))
        control.end(ending=Ending.SUCCESS)
        await wire.hear(lambda: wire.about(video, VideoGenerated))
        assert len(wire.about(video, VideoProgressed)) == told
    assert not wire.about(video, JobFailed)


async def test_a_clip_that_its_provider_keeps_expires(
    kie: dict[str, str],
    replica_of: Any,
    wire: Any,
    video_of: Any,
    store: ArtifactStore,
) -> None:
    video = video_of(prompt="Kept there sim:expires=4", model=MODEL)
    async with replica_of(**kie, VIDEO_KEEP="provider", VIDEO_KEPT_CHECK_SECONDS="0.5"):
        await wire.say(video.reserved())
        await wire.hear(lambda: wire.about(video, VideoGenerated))
        (made,) = wire.about(video, VideoGenerated)
        assert made.kept_by_provider
        remote = await store.read_document(made.video, RemoteVideo)
        assert remote.url.endswith(".mp4")
        await wire.hear(lambda: wire.about(video, VideoExpired))
