"""Ends what a parent process started, should the parent vanish without doing so itself.

Run as a program by `octavia_local.processes`, with nothing but the standard library: it reads lines `+PGID`
and `-PGID` from its standard input, whose other end only the parent holds. End of file means that the parent
is gone, kill -9 included; then every process group still on the list is killed with all below it, and every
process that carries the parent's run id in its environment (those that moved to a session of their own).

A parent-death signal (prctl) would not do: it fires when the *thread* that started a child ends, is cleared
where a child changes its user, and does not reach grandchildren.
"""

import contextlib
import os
import signal
import sys
from collections.abc import Iterable
from pathlib import Path

RUN_ID_VARIABLE = "OCTAVIA_RUN_ID"


def main(run_id: str) -> None:
    groups: set[int] = set()
    for line in sys.stdin:
        group = int(line[1:])
        if line[0] == "+":
            groups.add(group)
        else:
            groups.discard(group)
    for group in groups:
        kill_tree(group)
    # Twice: a process may have started another one while the first sweep was looking elsewhere.
    for _ in range(2):
        kill_each(carriers(run_id))


def kill_tree(leader: int) -> None:
    """SIGKILL for a process group and for all that its leader started, in whatever group they are now.

    PostgreSQL's sessions, for one, make groups of their own; left alive, they would still commit.
    """
    below = descendants(leader)
    kill_group(leader)
    kill_each(below)


def kill_group(group: int) -> None:
    """SIGKILL for every process of a group."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


def kill_each(process_ids: Iterable[int]) -> None:
    """SIGKILL for those that are still there."""
    for process_id in process_ids:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(process_id, signal.SIGKILL)


def descendants(ancestor: int) -> list[int]:
    """Ids of the processes below one, at this moment."""
    children: dict[int, list[int]] = {}
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            # pid (name) state parent ...; the name may contain anything, so count from its closing bracket.
            parent = int((process / "stat").read_text().rpartition(")")[2].split()[1])
            children.setdefault(parent, []).append(int(process.name))
    found: list[int] = []
    level = [ancestor]
    while level:
        level = [child for parent in level for child in children.get(parent, [])]
        found += level
    return found


def carriers(run_id: str) -> list[int]:
    """Ids of the processes that were started with a run id that begins like this in their environment."""
    mark = f"{RUN_ID_VARIABLE}={run_id}".encode()
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            variables = (process / "environ").read_bytes().split(b"\0")
            if any(variable.startswith(mark) for variable in variables):
                found.append(int(process.name))
    return found


if __name__ == "__main__":
    main(sys.argv[1])
