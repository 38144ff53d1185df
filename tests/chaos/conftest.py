"""One platform for everything that is done to it here, with servers and engines that take a set time."""

import math
import secrets
import struct
import subprocess
import tempfile
import wave
from collections.abc import Iterator
from pathlib import Path

import pytest
from octavia_local.platform import Platform
from octavia_local.ports import free_port
from octavia_local.servers import KafkaServer, PostgresServer, S3Server, start_together
from octavia_local.servers.postgres import remove_data_outside

from .wreck import Servers

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
}


@pytest.fixture(scope="package")
def servers() -> Iterator[Servers]:
    """Servers that the tests may break."""
    with tempfile.TemporaryDirectory(prefix="octavia-chaos-", ignore_cleanup_errors=True) as name:
        directory = Path(name)
        directory.chmod(0o755)  # PostgreSQL runs as another user than root
        made = Servers(
            KafkaServer(directory / "kafka", free_port(), free_port(), quick=True),
            PostgresServer(directory / "postgres", free_port()),
            S3Server(directory / "s3", free_port()),
        )
        each = (made.kafka, made.postgres, made.s3)
        try:
            start_together(each)
            yield made
        finally:
            for server in each:
                server.stop()
            remove_data_outside(directory / "postgres")


@pytest.fixture(scope="package")
def platform(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """Every service as one process."""
    environment = {**servers.environment(), **SETTINGS, "JWT_SECRET": secrets.token_hex(32)}
    with Platform(tmp_path_factory.mktemp("chaos-logs"), environment) as running:
        yield running


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
        track = path.with_suffix(".wav")
        rate = 48_000
        with wave.open(str(track), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(rate)
            tone = (int(6000 * math.sin(2 * math.pi * 440 * n / rate)) for n in range(round(seconds * rate)))
            file.writeframes(b"".join(struct.pack("<h", sample) for sample in tone))
        picture = f"color=size=32x32:rate=10:duration={seconds:.3f}"
        command = ["ffmpeg", "-nostdin", "-y", "-v", "error", "-f", "lavfi", "-i", picture, "-i", str(track)]
        codecs = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac"]
        subprocess.run([*command, *codecs, str(path)], check=True, timeout=60)
