"""What a hostile file is, as tests see it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Kind = Literal["video", "audio", "subtitle", "image"]

ELSEWHERE = "http://127.0.0.1:9/secret.ts"
"""An address that a file may name; nothing listens on the discard port."""


@dataclass(frozen=True)
class HostileFile:
    """A file that nobody sends by accident.

    `kind` is what its sender says it is. `refused` is whether it must be refused when it is looked at;
    damage may be so slight that a file still plays, and that is no fault.
    """

    path: Path
    kind: Kind
    about: str
    refused: bool = True


@dataclass(frozen=True)
class Bait:
    """What hostile files try to reach: `secret` is a video beside them that nobody gave to be read."""

    secret: Path
    address: str = ELSEWHERE


class Shelf:
    """Puts hostile files into a directory, each under a name of its own."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self.files: list[HostileFile] = []

    def put(
        self, name: str, content: bytes | str, about: str, *, kind: Kind = "video", refused: bool = True
    ) -> None:
        """Add a file. `name` is its own and may be hostile too; it must not leave the directory."""
        room = self._directory / f"{len(self.files):04d}"
        room.mkdir(parents=True)
        path = room / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        self.files.append(HostileFile(path, kind, about, refused))
