"""What programs asked of the kernel: an account of strace, by the file that each program was given.

strace is told to stop a program at few calls only (`--seccomp-bpf`), so what is watched runs at its own pace.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

OPENS = ("open", "openat", "openat2", "creat")
SOCKETS = ("socket", "connect", "sendto", "sendmsg", "bind", "io_uring_setup")
PROGRAMS = ("ffprobe", "ffmpeg")
_FORKS = ("clone", "clone3", "fork", "vfork")

_LINE = re.compile(r"^(?P<pid>\d+) +(?:<\.\.\. )?(?P<call>\w+)(?: resumed>)?[( ]?(?P<rest>.*)$")
_ENDED = re.compile(r"^(?P<pid>\d+) +\+\+\+ (?:exited|killed)")
_TEXT = re.compile(r'"((?:[^"\\]|\\.)*)"')
_RESULT = re.compile(r"\) += (\d+)")


def command(log: Path) -> list[str]:
    """What to put before a command to keep an account of it and of all its children."""
    calls = ",".join((*OPENS, *SOCKETS, *_FORKS, "execve"))
    return ["strace", "-f", "--seccomp-bpf", "-q", "-xx", "-s", "4096", "-e", f"trace={calls}",
            "-e", "signal=none", "-o", str(log), "--"]  # fmt: skip


@dataclass
class Calls:
    """What the runs of ffmpeg and ffprobe on one file did; `opened` holds attempts that failed too."""

    runs: int = 0
    opened: set[str] = field(default_factory=set)
    sockets: list[str] = field(default_factory=list)
    executed: list[str] = field(default_factory=list)


def read_account(log: Path) -> dict[str, Calls]:
    """Calls by the input (what follows `-i`) of the program that made them."""
    reader = _Reader()
    with log.open(errors="replace") as lines:
        for line in lines:
            reader.read(line.rstrip("\n"))
    assert len(reader.unclaimed) <= 1, f"whose are the processes {list(reader.unclaimed)[1:]}?"
    return reader.account


class _Reader:
    """Follows processes through the account, line by line: the kernel gives the id of one that ended to
    another, so what an id stands for changes."""

    def __init__(self) -> None:
        self.account: dict[str, Calls] = {}
        self.unclaimed: dict[str, list[str]] = {}
        self._inputs: dict[str, str | None] = {}

    def read(self, line: str) -> None:
        if ended := _ENDED.match(line):
            self._inputs.pop(ended["pid"], None)
            return
        match = _LINE.match(line)
        if match is None:
            return
        pid, call = match["pid"], match["call"]
        if pid not in self._inputs:
            # A child may speak before its parent has said that there is one. The first process has none.
            if not self._inputs and not self.unclaimed:
                self._inputs[pid] = None
            else:
                self.unclaimed.setdefault(pid, []).append(line)
                return
        if call in _FORKS:
            if made := _RESULT.search(line):
                self._inputs[made[1]] = self._inputs[pid]
                for earlier in self.unclaimed.pop(made[1], []):
                    self.read(earlier)
        elif " resumed>" not in line.partition("(")[0]:
            self._note(pid, call, match["rest"], line)

    def _note(self, pid: str, call: str, rest: str, line: str) -> None:
        texts = [_unescaped(text) for text in _TEXT.findall(rest)]
        given = self._inputs[pid]
        if call == "execve":
            if given is not None:
                self.account[given].executed.append(texts[0])
            elif Path(texts[0]).name in PROGRAMS and "ENOENT" not in rest:
                given = self._inputs[pid] = _after_i(texts)
                self.account.setdefault(given, Calls()).runs += 1
        elif given is not None and call in OPENS:
            self.account[given].opened.add(texts[0])
        elif given is not None and call in SOCKETS:
            self.account[given].sockets.append(line)


def _after_i(argv: Sequence[str]) -> str:
    # The first text is the program's path, then comes its argv.
    return argv[argv.index("-i") + 1].removeprefix("file:") if "-i" in argv else ""


def _unescaped(text: str) -> str:
    """strace's `-xx` writes every byte as two digits, so that no file name can look like an account."""
    return bytes.fromhex(text.replace("\\x", "")).decode(errors="surrogateescape")
