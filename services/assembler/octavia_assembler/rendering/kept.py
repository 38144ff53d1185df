"""Pieces that a renderer keeps between renderings, each named by everything that it is made of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID

from octavia_common.artifacts import ArtifactStore, artifact_key
from octavia_common.errors import ArtifactMissingError

STAGE = "assembler-block"

RULES = "1"
"""Version of what pieces are and how they are made; part of their keys."""

_TYPE = "application/octet-stream"


@dataclass(frozen=True)
class Recipe:
    """What a piece is made of: digests of what was read, and all else that it depends on (JSON values)."""

    inputs: Sequence[str]
    params: Mapping[str, Any]


class Kept(Protocol):
    """Where pieces are kept. They can be gone at any time: whoever needs one makes it again."""

    async def find(self, recipe: Recipe, path: Path) -> bool:
        """Write the piece of this recipe to `path`; False where there is none."""
        ...

    async def keep(self, recipe: Recipe, path: Path) -> None:
        """Keep the file as the piece of this recipe."""
        ...


class NothingKept:
    """Keeps nothing, so that everything is made each time; the result is the same."""

    async def find(self, recipe: Recipe, path: Path) -> bool:
        return False

    async def keep(self, recipe: Recipe, path: Path) -> None:
        return None


class KeptInStore:
    """Artifacts of one user; `keys` are those that were found or made."""

    def __init__(self, store: ArtifactStore, user_id: UUID) -> None:
        self._store = store
        self._user_id = user_id
        self.keys: set[str] = set()

    async def find(self, recipe: Recipe, path: Path) -> bool:
        key = self._key(recipe)
        ref = await self._store.stat(key)
        if ref is None:
            return False
        try:
            await self._store.fetch(ref, path)
        except ArtifactMissingError:
            return False
        self.keys.add(key)
        return True

    async def keep(self, recipe: Recipe, path: Path) -> None:
        ref = await self._store.write_file(self._key(recipe), path, _TYPE)
        self.keys.add(ref.key)

    def _key(self, recipe: Recipe) -> str:
        return artifact_key(
            self._user_id, STAGE, inputs=recipe.inputs, engine="blocks", version=RULES, params=recipe.params
        )
