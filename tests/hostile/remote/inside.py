"""The machine under test, in a network namespace of its own: inner addresses that listen, and the fetcher.

Every inner network is this namespace's own, so a fetcher that is fooled does reach a listening socket, and no
packet can leave: the only other interface leads to `outside.py`. Prints one line of JSON.
"""

import asyncio
import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from ipaddress import ip_network
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import vectors
from octavia_common.errors import OctaviaError
from octavia_common.media import probe
from octavia_common.remote.addresses import AddressPolicy
from octavia_common.remote.resolving import Guard, SystemResolver
from octavia_common.remote.source import Pace, RemoteSource

INNER_NETWORKS = """
    0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24
    192.0.2.0/24 192.88.99.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24
    240.0.0.0/4 168.63.129.16/32
""".split()
INNER_NETWORKS_V6 = """
    fc00::/7 fec0::/10 100::/64 2001::/23 2001:db8::/32 2002::/16 64:ff9b::/96 64:ff9b:1::/48
    3fff::/20 4000::/16 5f00::/16 2606:2800:220:1:0:5efe::/96 2606:2800:220:1:200:5efe::/96 ::/96
""".split()
PORTS = (22, 25, 53, 80, 443, 2375, 5432, 6379, 8080, 9000, 9092, 9200, 11211)
CONTROL_PORTS = (80, 443, 8080, 9000)
"""Ports that the fetcher without a guard may use, to show that what is listened at can be reached."""


def ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True)


def configure(outside: "subprocess.Popen[str]", directory: Path) -> None:
    ip("link", "set", "lo", "up")
    for kind in ("dummy", "bridge"):  # the second where the kernel has not the first
        if subprocess.run(["ip", "link", "add", "inner0", "type", kind], check=False).returncode == 0:
            break
    ip("link", "set", "inner0", "up")
    ip("addr", "add", f"{vectors.OWN_PUBLIC}/32", "dev", "inner0")
    for network in INNER_NETWORKS:
        # The kernel gives 0/8 and 127/8 a meaning of its own already.
        if network not in ("0.0.0.0/8", "127.0.0.0/8"):
            ip("route", "add", "local", network, "dev", "lo")
    for network in INNER_NETWORKS_V6:
        ip("-6", "route", "add", "local", network, "dev", "lo")
    ip("link", "add", "out0", "type", "veth", "peer", "name", "out1", "netns", str(outside.pid))
    ip("addr", "add", "10.99.0.1/30", "dev", "out0")
    ip("-6", "addr", "add", "fd99::1/64", "dev", "out0", "nodad")
    ip("link", "set", "out0", "up")
    tell(outside, "serving")
    ip("route", "add", "default", "via", "10.99.0.2")
    ip("-6", "route", "add", "default", "via", "fd99::2")
    for name, text in (
        ("resolv.conf", f"nameserver {vectors.NAME_SERVER}\nsearch example\noptions timeout:2 attempts:1\n"),
        ("hosts", "127.0.0.1 localhost\n10.0.0.5 hosts.example\n"),
        ("nsswitch.conf", "hosts: files dns\n"),
    ):
        (directory / name).write_text(text)
        subprocess.run(["mount", "--bind", str(directory / name), f"/etc/{name}"], check=True)


def tell(outside: "subprocess.Popen[str]", expected: str) -> None:
    assert outside.stdin is not None
    assert outside.stdout is not None
    outside.stdin.write("\n")
    outside.stdin.flush()
    assert outside.stdout.readline().strip() == expected


class Listeners:
    """Sockets at every port of every inner address; whoever connects is written down."""

    def __init__(self) -> None:
        self.reached: list[str] = []

    async def open(self) -> None:
        for port in PORTS:
            for host in ("::", "0.0.0.0"):
                await asyncio.start_server(self._note, host, port)

    async def _note(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reached.append(f"{writer.get_extra_info('sockname')[:2]}")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecret")
        with contextlib.suppress(OSError):
            await writer.drain()
        writer.close()


async def fetch(source: RemoteSource, url: str, directory: Path) -> dict[str, Any]:
    """Fetch, keep and look at a file as the gateway does."""
    path = directory / "fetched"
    try:
        async with asyncio.timeout(10), source.opened(url) as file:
            path.write_bytes(b"".join([chunk async for chunk in file.chunks]))
        info = await probe(path)
    except OctaviaError as error:
        said = error.message + json.dumps(error.context)
        return {"code": error.code, "status": error.status, "said": said, "transient": error.transient}
    except TimeoutError:
        return {"code": "timeout"}
    return {"code": None, "seconds": info.duration_seconds}


async def run(
    urls: Sequence[str], unguarded: Sequence[str], outside: "subprocess.Popen[str]", directory: Path
) -> dict[str, Any]:
    listeners = Listeners()
    await listeners.open()
    resolver = SystemResolver()
    everything = [ip_network("0.0.0.0/0"), ip_network("::/0")]
    pace = Pace(idle_seconds=3)
    guarded = RemoteSource(Guard(resolver, AddressPolicy()), ports={80, 443}, pace=pace)
    open_to_all = RemoteSource(Guard(resolver, AddressPolicy(everything)), ports=CONTROL_PORTS, pace=pace)
    found: dict[str, Any] = {}
    for kind, source, tried in (("guarded", guarded, urls), ("unguarded", open_to_all, unguarded)):
        found[kind] = []
        for url in tried:
            tell(outside, "forgotten")
            listeners.reached.clear()
            answer = await fetch(source, url, directory)
            await asyncio.sleep(0.005)  # what is connected to is noticed by a task of its own
            found[kind].append({**answer, "reached": list(listeners.reached)})
    resolver.close()
    return found


def main() -> None:
    video, wanted = Path(sys.argv[1]), json.loads(sys.stdin.read())
    with tempfile.TemporaryDirectory() as name:
        outside = subprocess.Popen(
            ["unshare", "--net", sys.executable, str(Path(__file__).with_name("outside.py")), str(video)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        try:
            assert outside.stdout is not None
            assert outside.stdout.readline() == "ready\n"
            configure(outside, Path(name))
            # A proxy that the environment names must not be asked.
            os.environ |= {"http_proxy": "http://10.0.0.5:80", "https_proxy": "http://10.0.0.5:80",
                           "ALL_PROXY": "http://10.0.0.5:80"}  # fmt: skip
            print(json.dumps(asyncio.run(run(wanted["guarded"], wanted["unguarded"], outside, Path(name)))))
        finally:
            outside.kill()
            outside.wait()


if __name__ == "__main__":
    main()
