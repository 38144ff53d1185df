"""Programs of the operating system: which are needed, which are missing, and apt-get to install them.

Only the standard library here: this runs before anything is installed.
"""

import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from octavia_local.errors import LocalError


@dataclass(frozen=True)
class SystemPackage:
    """A Debian package, and one thing that is there when it is: a command, or a file pattern from `/`."""

    name: str
    command: str = ""
    file: str = ""

    @property
    def present(self) -> bool:
        if self.command:
            return shutil.which(self.command) is not None
        return any(Path("/").glob(self.file))


_MODES = "usr/share/apertium/modes"

NEEDED = (
    SystemPackage("default-jre-headless", command="java"),
    SystemPackage("maven", command="mvn"),
    SystemPackage("postgresql", file="usr/lib/postgresql/*/bin/postgres"),
    SystemPackage("util-linux", command="setpriv"),
    SystemPackage("ffmpeg", command="ffmpeg"),
    SystemPackage("espeak-ng", command="espeak-ng"),
    SystemPackage("flite", command="flite"),
    SystemPackage("fonts-dejavu-core", file="usr/share/fonts/truetype/dejavu/DejaVuSansMono.ttf"),
    # Burnt-in subtitles in every script; Chinese, Japanese and Korean are a package of their own.
    SystemPackage("fonts-noto-core", file="usr/share/fonts/truetype/noto/NotoSans-Regular.ttf"),
    SystemPackage("fonts-noto-cjk", file="usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc"),
    SystemPackage("apertium", command="apertium"),
    SystemPackage("apertium-eng-spa", file=f"{_MODES}/eng-spa.mode"),
    SystemPackage("apertium-eng-cat", file=f"{_MODES}/eng-cat.mode"),
    SystemPackage("apertium-en-gl", file=f"{_MODES}/en-gl.mode"),
    SystemPackage("apertium-fr-es", file=f"{_MODES}/es-fr.mode"),
    SystemPackage("apertium-es-pt", file=f"{_MODES}/es-pt.mode"),
)

FOR_TESTS = (
    SystemPackage("iproute2", command="ip"),
    SystemPackage("strace", command="strace"),
    SystemPackage("chromium", command="chromium"),
)
"""What nobody needs who only runs it."""


def missing(packages: Sequence[SystemPackage] = NEEDED) -> list[SystemPackage]:
    """Those of which nothing is found on this machine."""
    return [package for package in packages if not package.present]


def have(packages: Sequence[SystemPackage]) -> None:
    """Install those that are missing, and say so. Raises LocalError."""
    wanted = missing(packages)
    if wanted:
        print(f"Installing system packages: {' '.join(package.name for package in wanted)}", flush=True)
        install(wanted)


def install(packages: Sequence[SystemPackage]) -> None:
    """Install packages with apt-get, as root or through sudo.

    Raises:
        LocalError: there is no apt-get, no way to be root, or apt-get fails.
    """
    names = [package.name for package in packages]
    if shutil.which("apt-get") is None:
        raise LocalError(f"Missing, and there is no apt-get to install them: {' '.join(names)}.")
    prefix = _as_root(names)
    environment = ["env", "DEBIAN_FRONTEND=noninteractive"]
    _run([*prefix, *environment, "apt-get", "update", "-qq"], names)
    options = ["install", "-y", "-qq", "--no-install-recommends"]
    _run([*prefix, *environment, "apt-get", *options, *names], names)
    still = [package.name for package in packages if not package.present]
    if still:
        raise LocalError(f"Installed, and yet not found: {' '.join(still)}. Is another version in the way?")


def _as_root(names: Sequence[str]) -> list[str]:
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo") is None:
        raise LocalError(f"Missing: as root, run: apt-get install {' '.join(names)}")
    return ["sudo"]


def _run(command: Sequence[str], names: Sequence[str]) -> None:
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if result.returncode != 0:
        tail = "\n".join(result.stdout.splitlines()[-10:])
        raise LocalError(f"apt-get failed; mend it, then run: apt-get install {' '.join(names)}\n{tail}")
