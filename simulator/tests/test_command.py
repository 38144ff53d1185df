"""The command, as a person starts it."""

import subprocess
import sys
import time
from pathlib import Path

import httpx


def test_the_command_serves_until_it_is_told_to_stop() -> None:
    command = [str(Path(sys.executable).with_name("octavia-simulator")), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            url = process.stdout.readline().strip()
            for _ in range(200):
                try:
                    answer = httpx.get(f"{url}/api/v1/chat/credit", trust_env=False, timeout=5)
                    break
                except httpx.TransportError:  # the socket is bound before it listens
                    assert process.poll() is None
                    time.sleep(0.05)
            assert answer.json()["data"] > 0
        finally:
            process.terminate()
        assert process.wait(20) in (0, -15)
