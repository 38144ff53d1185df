"""What a person wishes of a translation beside its languages, as the server takes it."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from octavia_cli.errors import UsageError
from octavia_cli.messages import _

EVERYBODY = "*"
_SOURCE, _KEEP = "source", "keep"
_YES = frozenset({"1", "x", "yes", "true", "có"})


@dataclass(frozen=True)
class Wishes:
    """What `octavia translate` was told; nothing of it is sent that was not."""

    style: str | None = None
    formality: str | None = None
    voices: Sequence[str] = ()
    clone_voice: bool = False
    speakers: int | None = None
    glossary: Path | None = None
    model_size: str | None = None
    check_speech: bool = False
    preview: bool = False
    review: str | None = None

    def body(self) -> dict[str, Any]:
        """Fields of the request beside the languages. Raises UsageError for what cannot be read."""
        options: dict[str, Any] = {
            "style": self.style,
            "formality": self.formality,
            "voices": voices_of(self.voices),
            "clone_voice": self.clone_voice,
            "speakers": self.speakers,
            "check_speech": self.check_speech,
            "review": self.review,
            "glossary": [] if self.glossary is None else glossary_in(self.glossary),
        }
        wished = {name: value for name, value in options.items() if value}
        return {
            **({"options": wished} if wished else {}),
            **({"model_size": self.model_size} if self.model_size else {}),
            **({"preview": True} if self.preview else {}),
        }


def voices_of(given: Sequence[str]) -> dict[str, str]:
    """`S1=ana` is the voice of one speaker, `ana` alone that of everybody else. Raises UsageError."""
    voices: dict[str, str] = {}
    for item in given:
        speaker, equals, voice = item.partition("=")
        speaker, voice = (speaker.strip(), voice.strip()) if equals else (EVERYBODY, item.strip())
        if not speaker or not voice:
            raise UsageError(_("--voice takes SPEAKER=VOICE, such as S1=ana, or a voice for everybody."))
        voices[speaker] = voice
    return voices


def glossary_in(path: Path) -> list[dict[str, Any]]:
    """Terms of a CSV file with the columns `source`, languages (`es`, `fr`) and, where wanted, `keep`.

    Raises UsageError for a file that is none.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            if _SOURCE not in (reader.fieldnames or ()):
                raise UsageError(
                    _("The first line of {path} names its columns: source, then languages.", path=path)
                )
            return [term for row in reader if (term := _term(row))]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UsageError(_("{path} cannot be read: {reason}", path=path, reason=str(error))) from None


def _term(row: Mapping[str | None, Any]) -> dict[str, Any] | None:
    """One line's term; None for an empty line."""
    cells = {str(name): str(value).strip() for name, value in row.items() if name and value}
    source = cells.pop(_SOURCE, "")
    keep = cells.pop(_KEEP, "").lower() in _YES
    targets = {language: term for language, term in cells.items() if term}
    if not source:
        return None
    return {"source": source, **({"targets": targets} if targets else {}), **({"keep": True} if keep else {})}
