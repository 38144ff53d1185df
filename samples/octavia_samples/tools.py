"""Running ffmpeg and flite."""

import subprocess
from collections.abc import Sequence

SECONDS = 1800


class ToolError(RuntimeError):
    """A program is missing or failed; the message carries what it said."""


def run(argv: Sequence[str], *, stdin: bytes | None = None) -> bytes:
    """Standard output of a program. Raises ToolError."""
    return _run(argv, stdin).stdout


def complaint(argv: Sequence[str]) -> str:
    """Standard error of a program that ends well. Raises ToolError."""
    return _run(argv, None).stderr.decode(errors="replace")


def ffmpeg(*arguments: str) -> None:
    """Run ffmpeg; it overwrites its output. Raises ToolError."""
    run(["ffmpeg", "-nostdin", "-hide_banner", "-loglevel", "error", "-y", *arguments])


def _run(argv: Sequence[str], stdin: bytes | None) -> subprocess.CompletedProcess[bytes]:
    try:
        done = subprocess.run(argv, input=stdin, capture_output=True, timeout=SECONDS, check=False)
    except FileNotFoundError:
        raise ToolError(f"{argv[0]} is not installed: apt-get install {argv[0]}") from None
    if done.returncode != 0:
        raise ToolError(f"{argv[0]} failed: {done.stderr.decode(errors='replace')[-2000:]}")
    return done
