"""The hostile files, looked at once under strace, in a namespace without a network."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
from octavia_samples.hostile import HostileFile, make_hostile
from octavia_samples.hostile.catalogue import Kind

from . import strace

WORKER = Path(__file__).with_name("worker.py")
WORKERS = 2
SHORT_FLIPS, LONG_FLIPS = 1, 25


@lru_cache(maxsize=1)
def without_network() -> tuple[str, ...]:
    """How to run a command in a network namespace of its own here."""
    for way in (("unshare", "--net"), ("unshare", "--user", "--map-root-user", "--net")):
        if subprocess.run([*way, "true"], capture_output=True, check=False).returncode == 0:
            return way
    raise RuntimeError("These tests need a network namespace: run them as root, or permit user namespaces.")


@dataclass(frozen=True)
class Looked:
    """How the look at one file ended."""

    file: HostileFile
    answer: dict[str, Any]
    calls: strace.Calls

    @property
    def said(self) -> str:
        """For messages of tests."""
        return f"{self.file.path} ({self.file.about}): {self.answer}"


def look_at(files: Sequence[HostileFile], directory: Path) -> list[Looked]:
    """Look at files, two at a time; the answers in their order."""
    lots = [files[place::WORKERS] for place in range(WORKERS)]
    logs = [directory / f"strace-{place}.log" for place in range(WORKERS)]
    with ThreadPoolExecutor(WORKERS) as workers:
        done = list(workers.map(_look_at, lots, logs))
    return [done[place % WORKERS][place // WORKERS] for place in range(len(files))]


def _look_at(files: Sequence[HostileFile], log: Path) -> list[Looked]:
    """Run a worker over files and read what it did."""
    process = subprocess.Popen(
        [*strace.command(log), *without_network(), sys.executable, str(WORKER)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    answers = []
    try:
        for file in files:
            process.stdin.write(json.dumps({"path": str(file.path), "kind": file.kind}) + "\n")
            process.stdin.flush()
            answers.append(json.loads(process.stdout.readline()))
        process.stdin.close()
        assert process.wait(timeout=30) == 0
    finally:
        process.kill()
        process.wait()
    account = strace.read_account(log)
    return [
        Looked(file, answer, account.get(str(file.path), strace.Calls()))
        for file, answer in zip(files, answers, strict=True)
    ]


@dataclass(frozen=True)
class Room:
    """The files of a run, and what came of them."""

    directory: Path
    seed: int
    hostile: Sequence[Looked]
    good: Sequence[Looked]


def _room(directory: Path, seed: int, flips: int) -> Room:
    print(f"seed {seed}: OCTAVIA_HOSTILE_SEED={seed} makes the same files again")
    hostile = make_hostile(directory, seed=seed, flips=flips)
    paths = sorted((directory / "good").iterdir())
    good = [HostileFile(path, _kind(path), "good", refused=False) for path in paths]
    looked = look_at([*good, *hostile], directory)
    return Room(directory, seed, looked[len(good) :], looked[: len(good)])


def _kind(path: Path) -> Kind:
    return "audio" if path.suffix in (".wav", ".flac", ".mp3", ".ogg", ".m4a") else "video"


def _seed() -> int:
    return int(os.environ.get("OCTAVIA_HOSTILE_SEED", "20261121"))


@pytest.fixture(scope="session")
def room() -> Iterator[Room]:
    """The short form: the same damage every time."""
    with tempfile.TemporaryDirectory(prefix="octavia-hostile-") as directory:
        yield _room(Path(directory), _seed(), SHORT_FLIPS)


@pytest.fixture(scope="session")
def long_room() -> Iterator[Room]:
    """The long form: much more damage, of a seed drawn anew unless one is given."""
    seed = int(os.environ.get("OCTAVIA_HOSTILE_SEED") or int.from_bytes(os.urandom(4)))
    with tempfile.TemporaryDirectory(prefix="octavia-hostile-") as directory:
        yield _room(Path(directory), seed, LONG_FLIPS)
