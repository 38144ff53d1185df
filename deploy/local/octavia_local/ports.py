"""Ports on the loopback: free ones for tests, and who holds one that is taken."""

import contextlib
import http.client
import random
import socket
from pathlib import Path

from octavia_local.errors import LocalError

LOOPBACK = "127.0.0.1"

# Below the range from which Linux takes ports of outgoing connections (32768 and up): a server that is killed
# and started again on its port must not find it used by somebody's connection.
_TEST_PORTS = range(20_000, 32_000)
_LISTEN = "0A"  # TCP_LISTEN in /proc/net/tcp


def is_free(port: int, host: str = LOOPBACK) -> bool:
    """Whether a server could listen on the port now (connections in TIME_WAIT do not count)."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True


def free_port() -> int:
    """A port that was free a moment ago.

    Raises:
        LocalError: a hundred tries found none.
    """
    for _ in range(100):
        port = random.choice(_TEST_PORTS)
        if is_free(port):
            return port
    raise LocalError("No free port found between 20000 and 32000: stop some servers on this machine.")


def require_free(port: int, purpose: str, setting: str, host: str = LOOPBACK) -> None:
    """Check that a port can be listened on.

    Raises:
        LocalError: it is taken; the message names the holder, as far as it can be seen, and the setting.
    """
    if not is_free(port, host):
        holder = holder_of(port)
        by = f" by {holder}" if holder else ""
        raise LocalError(
            f"Port {port} of {purpose} is taken{by}: stop that program, or set {setting} to a free port."
        )


def holder_of(port: int) -> str | None:
    """`name (process id)` of the process that listens on a port, or None where this user cannot see it."""
    inodes = _listening_inodes(port)
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # ended meanwhile, or not ours to look into
            if inodes & _open_files(process):
                return f"{(process / 'comm').read_text().strip()} (process {process.name})"
    return None


def _open_files(process: Path) -> set[str]:
    links = set()
    for descriptor in (process / "fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # closed meanwhile
            links.add(str(descriptor.readlink()))
    return links


def _listening_inodes(port: int) -> set[str]:
    found = set()
    for table in (Path("/proc/net/tcp"), Path("/proc/net/tcp6")):
        if not table.exists():
            continue
        for line in table.read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == _LISTEN and int(fields[1].rsplit(":", 1)[1], 16) == port:
                found.add(f"socket:[{fields[9]}]")
    return found


def answers(host: str, port: int, timeout: float = 1.0) -> bool:
    """Whether something accepts connections there; timeout in seconds."""
    try:
        with socket.create_connection((host, port), timeout=timeout):
            return True
    except OSError:
        return False


def http_status(port: int, path: str, host: str = LOOPBACK, timeout: float = 5.0) -> int | None:
    """Status of a GET, or None where nobody answers. Plain http.client: it is asked many times a second."""
    connection = http.client.HTTPConnection(host, port, timeout=timeout)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()
