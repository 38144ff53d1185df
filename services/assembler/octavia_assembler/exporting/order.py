"""What an export is made of, as files on disk."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from octavia_common.documents import DubResult
from octavia_common.errors import PermanentError
from octavia_common.events import ExportKind, ExportSubtitles
from octavia_common.media import MediaInfo
from octavia_subtitles.rules import Cue, Rules
from octavia_subtitles.timing import SpokenText, make_cues

from octavia_assembler.rendering.containers import Container


class ExportImpossibleError(PermanentError):
    """What was asked for cannot be made of this source or these results."""

    code = "export_impossible"


@dataclass(frozen=True)
class Dub:
    """One language of the job. `media` is its dub and `speech` its voice alone, each where there is one and
    the export needs it; `cues` are its subtitles by language."""

    result: DubResult
    media: Path | None
    speech: Path | None
    cues: Mapping[str, tuple[Cue, ...]]

    @property
    def language(self) -> str:
        return self.result.target_language

    def subtitles(self, content: str, rules: Rules) -> tuple[Cue, ...]:
        """The cues of `source`, `target` or, with the source's below the target's, `bilingual`."""
        result = self.result
        if content != "bilingual":
            language = result.source_language if content == "source" else result.target_language
            return self.cues.get(language, ())
        said = [
            SpokenText(line.placed_start, line.placed_end, line.text, line.speaker, line.source_text)
            for line in result.segments
        ]
        return make_cues(said, rules, result.duration_seconds)


@dataclass(frozen=True)
class Order:
    """One export to make. `source` is there where the export needs it, `info` says what it is."""

    kind: ExportKind
    container: Container
    subtitles: ExportSubtitles | None
    source: Path | None
    info: MediaInfo | None
    dubs: Sequence[Dub]
    scratch: Path

    @property
    def source_language(self) -> str:
        return self.dubs[0].result.source_language

    def require_source(self) -> tuple[Path, MediaInfo]:
        """The source and what it is. Raises ValueError where the export was not to need it."""
        if self.source is None or self.info is None:
            raise ValueError(f"an export of {self.kind} was given no source")
        return self.source, self.info


@dataclass(frozen=True)
class Exported:
    """The finished file, and sentences for its owner."""

    path: Path
    notes: tuple[str, ...] = ()
