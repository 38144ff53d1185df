"""videogen against the simulator in the shape of /v1/videos: what no call-back tells is found in its list."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from octavia_common.events import JobFailed, VideoGenerated
from octavia_simulator.client import SimulatorControl
from octavia_simulator.provider import Settings
from octavia_simulator.server import running
from octavia_videogen.providers.base import Sent
from octavia_videogen.providers.openai_videos.listing import is_past, matching

MODEL = "wan-2.2-ti2v-5b"
AT = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
SENT = Sent("wan", {"prompt": "A fox", "seconds": "5", "size": "1280x704"})


def listed(**changes: Any) -> dict[str, Any]:
    """A video of a list, which is what was sent."""
    same = {"id": "v1", "model": "wan", "prompt": "A fox", "seconds": "5", "size": "1280x704"}
    return {**same, "created_at": int(AT.timestamp()) + 1, **changes}


@pytest.mark.parametrize(
    "changes",
    [
        {"prompt": "A fox."},
        {"prompt": None},
        {"model": "other"},
        {"seconds": "10"},
        {"size": "704x1280"},
        {"created_at": AT.timestamp() - 3600},
        {"created_at": AT.timestamp() + 3600},
        {"created_at": None},
        {"id": 7},
    ],
)
def test_what_is_not_what_was_ordered_is_not_taken_for_it(changes: dict[str, Any]) -> None:
    assert matching([listed()], SENT, AT) == ["v1"]
    assert matching([listed(**changes), "rubbish", None], SENT, AT) == []


def test_the_oldest_comes_first_and_a_page_may_lie_behind_the_order() -> None:
    older, newer = listed(id="older"), listed(id="newer", created_at=AT.timestamp() + 9)
    assert matching([newer, older], SENT, AT) == ["older", "newer"]
    assert not is_past([newer, older], AT)
    assert is_past([newer, listed(created_at=(AT - timedelta(minutes=5)).timestamp())], AT)


@pytest.fixture
def control() -> Iterator[SimulatorControl]:
    with (
        running(Settings("", api_key="key", seconds=0.5)) as url,
        SimulatorControl(url) as control,
    ):
        yield control


@pytest.mark.integration
async def test_lost_answers_are_found_in_the_list_and_nothing_is_ordered_twice(
    replica_of: Any, wire: Any, video_of: Any, control: SimulatorControl
) -> None:
    prompt = "Lost sim:lost-answer"
    lost = [video_of(prompt=prompt, model=MODEL), video_of(prompt=prompt, model=MODEL)]
    settings = {
        "VIDEO_PROVIDER": "openai-videos",
        "OPENAI_VIDEOS_BASE_URL": control.url,
        "OPENAI_VIDEOS_API_KEY": "key",
        "VIDEO_POLL_SECONDS": "0.3",
        "VIDEO_POLL_LONGEST_SECONDS": "1",
    }
    async with replica_of(**settings):
        await wire.say(*(video.reserved() for video in lost))
        await wire.hear(lambda: all(wire.about(video, VideoGenerated) for video in lost), seconds=60)
        await wire.hear_no_more(1)
    assert not any(wire.about(video, JobFailed) for video in lost)
    assert len(control.tasks()) == 2
