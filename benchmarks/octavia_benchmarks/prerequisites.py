"""What only the benchmarks need: Redis and Chromium from Debian, Celery from requirements/bench.txt."""

from octavia_local import system_packages
from octavia_local.layout import Layout
from octavia_local.stamps import Stamp
from octavia_local.system_packages import SystemPackage
from octavia_local.toolchain import run, say

_REDIS = SystemPackage("redis-server", command="redis-server")


def install(layout: Layout) -> None:
    """Install what is missing, into the environment that `make setup` has made.

    Raises:
        LocalError: a step failed; says what to do.
    """
    system_packages.have([_REDIS, *system_packages.FOR_TESTS])
    requirements = layout.root / "requirements" / "bench.txt"
    stamp = Stamp(layout.root / ".venv" / ".octavia-bench", [requirements])
    if stamp.fresh:
        return
    say("Installing Celery")
    uv = layout.root / ".octavia" / "bootstrap" / "bin" / "uv"
    options = ["--python", str(layout.venv_bin / "python"), "--require-hashes", "-r", str(requirements)]
    run([str(uv), "pip", "install", "-q", *options], "Celery cannot be installed")
    stamp.set()
