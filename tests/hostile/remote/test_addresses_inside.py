"""No URL makes the gateway connect to an inner address: asserted at sockets that listen on all of them."""

import json
import subprocess
import sys
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
from octavia_gateway.messages import CATALOGUE
from octavia_samples.tools import ffmpeg

from .vectors import OUTSIDE, OUTSIDE_V6, Vector, vectors

INSIDE = Path(__file__).with_name("inside.py")
VECTORS = vectors()
GOOD = ("http://good.example/file.mp4", f"http://{OUTSIDE}/file.mp4", f"http://[{OUTSIDE_V6}]/file.mp4",
        "http://good.example/redirect/301?%2Ffile.mp4", "http://GOOD.example.:80/file.mp4#part")  # fmt: skip


@lru_cache(maxsize=1)
def namespaces() -> tuple[str, ...]:
    """How to run a command as the master of a network of its own: as root, or in a user namespace."""
    for way in (
        ("unshare", "--net", "--mount"),
        ("unshare", "--user", "--map-root-user", "--net", "--mount"),
    ):
        tried = subprocess.run([*way, "ip", "link", "set", "lo", "up"], capture_output=True, check=False)
        if tried.returncode == 0:
            return way
    pytest.skip(
        "the kernel permits no network namespace here: test_addresses_recorded.py tries the same URLs with "
        "every connection recorded instead of made"
    )


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict[str, Any]]]:
    """What came of every URL, with the guard and without."""
    video = tmp_path_factory.mktemp("video") / "good.mp4"
    picture, tone = "testsrc2=size=160x90:rate=25:duration=2", "sine=duration=2"
    ffmpeg("-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", tone, "-pix_fmt", "yuv420p", str(video))
    done = subprocess.run(
        [*namespaces(), sys.executable, str(INSIDE), str(video)],
        input=json.dumps({
            "guarded": [*GOOD, *(vector.url for vector in VECTORS)],
            "unguarded": [vector.url for vector in VECTORS if vector.reaches],
        }),
        capture_output=True, text=True, timeout=500, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    answers: dict[str, list[dict[str, Any]]] = json.loads(done.stdout)
    return answers


def _guarded(found: dict[str, list[dict[str, Any]]]) -> list[tuple[Vector, dict[str, Any]]]:
    return list(zip(VECTORS, found["guarded"][len(GOOD) :], strict=True))


def test_there_are_enough_vectors() -> None:
    assert len(VECTORS) >= 150
    assert sum(vector.reaches for vector in VECTORS) >= 60


@pytest.mark.timeout(600)
def test_no_inner_address_is_reached(found: dict[str, list[dict[str, Any]]]) -> None:
    reached = {vector.name: answer["reached"] for vector, answer in _guarded(found) if answer["reached"]}
    assert reached == {}


def test_each_is_refused_in_words(found: dict[str, list[dict[str, Any]]]) -> None:
    for vector, answer in _guarded(found):
        if vector.name == "redirect header twice":
            continue  # the first, which is public, or the last: either may be followed
        assert answer["code"] in CATALOGUE, f"{vector}: {answer}"
        assert answer["status"] in (422, 503), f"{vector}: {answer}"
        assert "secret" not in answer["said"], f"{vector}: {answer}"


def test_public_servers_are_reached(found: dict[str, list[dict[str, Any]]]) -> None:
    for url, answer in zip(GOOD, found["guarded"], strict=False):
        assert answer.get("seconds") == pytest.approx(2.0, abs=0.1), f"{url}: {answer}"


def test_the_sockets_can_be_reached(found: dict[str, list[dict[str, Any]]]) -> None:
    """Without the guard the same URLs do reach them, so the test above can fail."""
    tried = [vector for vector in VECTORS if vector.reaches]
    answers = zip(tried, found["unguarded"], strict=True)
    assert [vector.name for vector, answer in answers if not answer["reached"]] == []
