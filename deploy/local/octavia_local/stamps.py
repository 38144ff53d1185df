"""Remember what has been done, so that a second run does nothing."""

import hashlib
from collections.abc import Iterable
from pathlib import Path


class Stamp:
    """Says whether a step was last completed with the same inputs.

    Args:
        path: where the mark is kept; put it inside what the step makes, so that removing that removes the
        mark. inputs: files whose contents the step depends on. extra: anything else it depends on.
    """

    def __init__(self, path: Path, inputs: Iterable[Path], extra: str = "") -> None:
        self._path = path
        digest = hashlib.sha256(extra.encode())
        for file in sorted(inputs):
            digest.update(f"{file.name}\0{hashlib.sha256(file.read_bytes()).hexdigest()}\0".encode())
        self._digest = digest.hexdigest()

    @property
    def fresh(self) -> bool:
        """Whether the step was completed with exactly these inputs."""
        return self._path.exists() and self._path.read_text() == self._digest

    def set(self) -> None:
        """The step is complete. Call this last: a step that is broken off must be done again."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.write_text(self._digest)
