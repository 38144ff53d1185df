"""Under which licence a model may be used, and whether the operator has accepted it. Pure."""

import re
from collections.abc import Collection
from pathlib import Path

from octavia_common.errors import EngineUnavailableError

UNKNOWN = "unknown"

_NON_COMMERCIAL = re.compile(r"\bCPML\b|\bNC\b|non-?\s?commercial|research only", re.IGNORECASE)
_CUSTOM = re.compile(r"\bcustom\b", re.IGNORECASE)

OF_ARCHITECTURES = {"xtts": "CPML"}
"""Licences of models that are known by their architecture, wherever their files lie: nobody but Coqui has
published XTTS weights to build on."""

_FILES = ("LICENSE", "LICENSE.txt", "LICENSE.md", "LICENCE", "licence.txt")


def forbids_commercial_use(licence: str) -> bool:
    """Whether a licence forbids commercial use, or is one of its own that a person has to read."""
    return bool(_NON_COMMERCIAL.search(licence) or _CUSTOM.search(licence))


def licence_beside(folder: Path, architecture: str) -> str:
    """The licence of a model by path: by its architecture, else the first line of the file beside it."""
    if architecture in OF_ARCHITECTURES:
        return OF_ARCHITECTURES[architecture]
    for name in _FILES:
        file = folder / name
        if file.is_file():
            lines = (line.strip() for line in file.read_text("utf-8", "replace")[:2000].splitlines())
            return next((line[:120] for line in lines if line), UNKNOWN)
    return UNKNOWN


def check_accepted(model: str, licence: str, accepted: Collection[str]) -> None:
    """Raise EngineUnavailableError, which says what to set, for a licence that must be accepted first."""
    if not forbids_commercial_use(licence) or licence.lower() in {each.lower() for each in accepted}:
        return
    raise EngineUnavailableError(
        f"The model {model} is licensed under {licence}, which forbids commercial use or has terms of its "
        f"own. Read it; if you may use the model so, set COQUI_ACCEPT_LICENCES={licence!r}, "
        "else choose another in COQUI_MODELS."
    )
