"""One platform for everything that is done to it here, with servers and engines that take a set time."""

import secrets
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from octavia_local.own_servers import OwnServers, own_servers
from octavia_local.platform import Platform
from octavia_samples.quick import tone
from octavia_simulator.client import SimulatorControl
from octavia_simulator.provider import Settings
from octavia_simulator.server import running

CHUNK_SECONDS = 0.2
"""The splitter makes a chunk of so much of a source: length says how many chunks a job has."""

ENGINE_SECONDS = 0.1

SETTINGS = {
    "TRANSCRIBER_SPLITTER": "timed",
    "TRANSCRIBER_ENGINE": "timed",
    "TRANSLATOR_ENGINE": "timed",
    "SYNTHESIZER_ENGINE": "timed",
    "ASSEMBLER_RENDERER": "timed",
    "TIMED_ENGINE_SECONDS": str(ENGINE_SECONDS),
    "TIMED_CHUNK_SECONDS": str(CHUNK_SECONDS),
    "KAFKA_SESSION_TIMEOUT_SECONDS": "6",
    "KAFKA_MOST_PARTITIONS": "4",
    "RETRY_FIRST_DELAY_SECONDS": "0.5",
    "RETRY_MAX_DELAY_SECONDS": "4",
    # Faults come every few seconds here, so that one piece of work may be hit again and again.
    "RETRY_ATTEMPTS": "10",
    # One consumer of the gateway reads most topics, and all of them are poisoned here, twice.
    "POISON_ALLOWED": "50",
    "WELCOME_CREDITS": "1000000",
    "ACCESS_TOKEN_SECONDS": "86400",
    "RATE_LIMIT_REQUESTS": "1000000/minute",
    "RATE_LIMIT_LOGINS": "1000000/minute",
    "VIDEO_RATE": "1000000/minute",
}

VIDEO_SECONDS = 1.0
"""How long the simulated provider of videos takes for one."""

VIDEO_DEADLINE_SECONDS = 25
"""How long a video may take, of the model that is asked for."""

MODELS = f"""
[[models]]
id = "kling-2.6"
title = "Kling"
durations_seconds = [5]
aspect_ratios = ["landscape"]
deadline_seconds = {VIDEO_DEADLINE_SECONDS}
[models.text_to_video]
model = "kling-2.6/text-to-video"
fields = [
  {{ name = "prompt", source = "prompt" }},
  {{ name = "aspect_ratio", source = "aspect_ratio", choices = {{ landscape = "16:9" }} }},
  {{ name = "duration", source = "duration_seconds" }},
]
"""


@pytest.fixture(scope="package")
def servers() -> Iterator[OwnServers]:
    """Servers that the tests may break."""
    with own_servers("chaos", quick=True) as made:
        yield made


@pytest.fixture(scope="package")
def provider() -> Iterator[SimulatorControl]:
    """A provider of videos that misbehaves where a prompt says so."""
    with running(Settings("", seconds=VIDEO_SECONDS)) as url, SimulatorControl(url) as control:
        yield control


@pytest.fixture(scope="package")
def platform(
    servers: OwnServers, provider: SimulatorControl, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Platform]:
    """Every service as one process; videos are ordered from the simulated provider, which calls back."""
    folder = tmp_path_factory.mktemp("chaos-logs")
    models = folder / "models.toml"
    models.write_text(MODELS)
    environment = {
        **servers.environment(),
        **SETTINGS,
        "JWT_SECRET": secrets.token_hex(32),
        "VIDEO_CALLBACK_SECRET": secrets.token_hex(32),
    }
    made = Platform(folder, environment, workers={"videogen": 0})
    videogen = {
        "VIDEO_PROVIDER": "kie",
        "KIE_API_KEY": "any",
        "KIE_BASE_URL": provider.url,
        "VIDEO_CALLBACK_URL": made.url,
        "VIDEO_MODELS_FILE": str(models),
        "VIDEO_POLL_SECONDS": "1",
    }
    made.add("videogen", 0, videogen)
    with made:
        yield made


@pytest.fixture(scope="package")
def videos(tmp_path_factory: pytest.TempPathFactory) -> "Videos":
    """Sources by their number of chunks."""
    return Videos(tmp_path_factory.mktemp("videos"))


class Videos:
    """Makes small videos whose length gives so many chunks."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def of(self, chunks: int) -> Path:
        """A video of so many chunks."""
        path = self._folder / f"{chunks}.mp4"
        if not path.exists():
            self._make(path, chunks * CHUNK_SECONDS)
        return path

    def _make(self, path: Path, seconds: float) -> None:
        track = tone(path.with_suffix(".wav"), seconds)
        picture = f"color=size=32x32:rate=10:duration={seconds:.3f}"
        command = ["ffmpeg", "-nostdin", "-y", "-v", "error", "-f", "lavfi", "-i", picture, "-i", str(track)]
        codecs = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac"]
        subprocess.run([*command, *codecs, str(path)], check=True, timeout=60)
