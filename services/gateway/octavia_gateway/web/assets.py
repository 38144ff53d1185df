"""The application's files, read once at start: digested, compressed, and named by their content."""

import gzip
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import PurePosixPath

MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}

SHELL = "index.html"
"""The page around all pages: it is filled in, and never cached."""

VERSION_MARK = "{version}"
"""Where the shell names the version of the files that it loads."""


@dataclass(frozen=True)
class Asset:
    """One file as it goes out."""

    data: bytes
    media_type: str

    @cached_property
    def compressed(self) -> bytes:
        """The file as gzip, made once; the same bytes in every process, for they carry no time."""
        return gzip.compress(self.data, 9, mtime=0)


@dataclass(frozen=True)
class Assets:
    """All files of one version.

    The version is a digest of all of them and part of their addresses. So a browser keeps them for good and
    asks for none twice, and modules of two versions never meet.
    """

    version: str
    shell: Asset
    by_path: Mapping[str, Asset]

    @classmethod
    def load(cls, root: Traversable) -> "Assets":
        """Read everything below `root`. Raises KeyError for a file of a kind that is not served."""
        found = dict(_walk(root, PurePosixPath()))
        digest = hashlib.sha256()
        for path, data in sorted(found.items()):
            digest.update(f"{path}\0{len(data)}\0".encode() + data)
        version = digest.hexdigest()[:16]
        shell = found.pop(SHELL).decode().replace(VERSION_MARK, version).encode()
        served = {
            path: Asset(data, MEDIA_TYPES[PurePosixPath(path).suffix]) for path, data in sorted(found.items())
        }
        return cls(version, Asset(shell, MEDIA_TYPES[".html"]), served)


@lru_cache(maxsize=1)
def own_assets() -> Assets:
    """The files of this package."""
    return Assets.load(files("octavia_gateway.web") / "static")


def _walk(folder: Traversable, at: PurePosixPath) -> Iterator[tuple[str, bytes]]:
    for entry in folder.iterdir():
        path = at / entry.name
        if entry.is_dir():
            yield from _walk(entry, path)
        else:
            yield str(path), entry.read_bytes()
