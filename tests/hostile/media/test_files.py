"""No hostile file makes a program open a second file or a socket, or take more than it may; each that is
refused gets words, in English and Vietnamese."""

import subprocess
from pathlib import Path

import pytest
from octavia_gateway.messages import CATALOGUE, detail_of, title_of

from . import strace
from .conftest import Looked, Room, without_network

MIB_LIMIT = 256
PER_RUN_SECONDS = 90.0
"""A probe has 30 s, a decoder 60; each is killed at its limit, which takes a moment."""


def _surroundings(room: Room) -> set[str]:
    """What the programs open for themselves, found on good files: libraries, the number of processors."""
    return {path for good in room.good for path in good.calls.opened if not _its_own(good, path)}


def _its_own(looked: Looked, path: str) -> bool:
    """The file itself, and the scratch files that the worker had written."""
    return path == str(looked.file.path) or Path(path).name in ("sound", "picture")


def check_calls(room: Room) -> None:
    usual = _surroundings(room)
    assert usual, "strace saw nothing"
    for looked in (*room.hostile, *room.good):
        if looked.answer.get("code") != "empty_file":
            assert looked.calls.runs > 0, f"nothing was seen of {looked.said}"
        foreign = {path for path in looked.calls.opened if not _its_own(looked, path)} - usual
        assert not foreign, f"{looked.said} made a program open {foreign}"
        assert not looked.calls.sockets, f"{looked.said} made a program ask for {looked.calls.sockets}"
        assert not looked.calls.executed, f"{looked.said} made a program run {looked.calls.executed}"


def check_bounds(room: Room) -> None:
    most = max(looked.answer["most_kib"] for looked in room.hostile) / 1024
    longest = max(room.hostile, key=lambda looked: looked.answer["seconds"])
    refused = sum(looked.answer["stage"] != "done" for looked in room.hostile)
    print(
        f"{len(room.hostile)} files of seed {room.seed}, {refused} refused; most memory {most:.0f} MiB; "
        f"longest {longest.answer['seconds']:.1f} s ({longest.file.about})"
    )
    for looked in room.hostile:
        assert looked.answer["most_kib"] <= MIB_LIMIT * 1024, f"too much memory: {looked.said}"
        runs = max(1, looked.calls.runs)
        assert looked.answer["seconds"] <= PER_RUN_SECONDS * runs, f"too much time: {looked.said}"


def check_words(room: Room) -> None:
    for looked in room.hostile:
        answer = looked.answer
        if looked.file.refused:
            assert answer["stage"] == "refused", f"accepted: {looked.said}"
        if answer["stage"] == "done":
            continue
        assert answer["code"] in CATALOGUE, f"no words for {looked.said}"
        assert answer["status"] == 422, looked.said
        assert not answer["transient"], looked.said
        assert len(answer["message"]) > 20, looked.said
        vietnamese = detail_of(answer["code"], answer["message"], answer["context"], "vi")
        assert vietnamese != answer["message"], looked.said
        assert title_of(answer["code"], "vi") != title_of(answer["code"], "en"), looked.said
        assert str(room.directory) not in answer["message"] + vietnamese, looked.said


@pytest.mark.timeout(600)
def test_nothing_else_is_opened(room: Room) -> None:
    check_calls(room)


def test_memory_and_time_are_bounded(room: Room) -> None:
    check_bounds(room)


def test_each_refusal_has_words(room: Room) -> None:
    check_words(room)


def test_there_are_enough_of_them(room: Room) -> None:
    assert len(room.hostile) >= 200
    assert sum(looked.answer["stage"] == "refused" for looked in room.hostile) >= 120
    assert {looked.answer["stage"] for looked in room.good} == {"done"}


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_much_more_damage(long_room: Room) -> None:
    check_calls(long_room)
    check_bounds(long_room)
    check_words(long_room)


@pytest.mark.parametrize("name", ["evil.mp4", "away.mp4"])
def test_the_watch_would_notice(room: Room, tmp_path: Path, name: str) -> None:
    """Without our guard the same files do open what they name: so what is asserted above can fail."""
    evil = next(looked.file.path for looked in room.hostile if looked.file.path.name == name)
    log = tmp_path / "log"
    subprocess.run(
        [*strace.command(log), *without_network(), "ffprobe", "-v", "quiet",
         "-protocol_whitelist", "file,http,tcp", "-allowed_extensions", "ALL", "-i", f"file:{evil}"],
        timeout=60, check=False,
    )  # fmt: skip
    calls = strace.read_account(log)[str(evil)]
    if name == "evil.mp4":
        assert str(room.directory / "secret.mp4") in calls.opened
    else:
        assert any(" connect(" in line for line in calls.sockets)
