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
_TEXT = re.compile(r'"((?:[^"\\]|\\.)*)"')
_RESULT = re.compile(r"\) += (\d+)")


def command(log: Path) -> list[str]:
    """What to put before a command to keep an account of it and of all its children."""
    calls = ",".join((*OPENS, *SOCKETS, *_FORKS, "execve"))
    return ["strace", "-f", "--seccomp-bpf", "-qq", "-xx", "-s", "4096", "-e", f"trace={calls}",
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
    lines = log.read_text(errors="replace").splitlines()
    parents = _parents(lines)
    inputs: dict[str, str] = {}
    account: dict[str, Calls] = {}
    for line in lines:
        if not (match := _LINE.match(line)) or " resumed>" in line.partition("(")[0]:
            continue
        pid, call, rest = match["pid"], match["call"], match["rest"]
        texts = [_unescaped(text) for text in _TEXT.findall(rest)]
        given = _input_of(pid, inputs, parents)
        if call == "execve":
            if given is not None:
                account[given].executed.append(texts[0])
            elif Path(texts[0]).name in PROGRAMS and "ENOENT" not in rest:
                inputs[pid] = _after_i(texts)
                account.setdefault(inputs[pid], Calls()).runs += 1
        elif given is not None and call in OPENS:
            account[given].opened.add(texts[0])
        elif given is not None and call in SOCKETS:
            account[given].sockets.append(line)
    return account


def _parents(lines: Sequence[str]) -> dict[str, str]:
    parents: dict[str, str] = {}
    for line in lines:
        match = _LINE.match(line)
        if match and match["call"] in _FORKS and (found := _RESULT.search(line)):
            parents[found[1]] = match["pid"]
    return parents


def _input_of(pid: str, inputs: dict[str, str], parents: dict[str, str]) -> str | None:
    """The input of the program that a thread or child belongs to; None for those that came before it."""
    while pid not in inputs:
        if pid not in parents:
            return None
        pid = parents[pid]
    return inputs[pid]


def _after_i(argv: Sequence[str]) -> str:
    # The first text is the program's path, then comes its argv.
    return argv[argv.index("-i") + 1].removeprefix("file:") if "-i" in argv else ""


def _unescaped(text: str) -> str:
    """strace's `-xx` writes every byte as two digits, so that no file name can look like an account."""
    return bytes.fromhex(text.replace("\\x", "")).decode(errors="surrogateescape")
