"""A list of terms, as the gateway keeps it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID


class ListKind(StrEnum):
    """What a list is for."""

    GLOSSARY = "glossary"
    PRONUNCIATION = "pronunciation"


@dataclass(frozen=True)
class TermList:
    """One list; `terms` are documents of `documents.GlossaryTerm` or `documents.Pronunciation`.

    `always`: it goes with every job, named by it or not, wherever the engines heed its kind.
    """

    list_id: UUID
    kind: ListKind
    name: str
    always: bool
    terms: Sequence[dict[str, Any]]
    created_at: datetime
    updated_at: datetime
