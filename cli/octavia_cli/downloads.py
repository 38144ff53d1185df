"""Fetching a result: in pieces where the line breaks, and verified before it gets its name."""

import hashlib
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx

from octavia_cli.api import PREFIX, Api, PassingError
from octavia_cli.errors import CliError, UnreachableError
from octavia_cli.foreign import language_tag
from octavia_cli.messages import _
from octavia_cli.progress import Reporter

MOST_FAILURES = 8
_PIECE = 256 * 1024
_LONGEST_SLUG = 60


@dataclass(frozen=True)
class Wanted:
    """A file of the server, below its API.

    `size` in bytes is None where somebody else keeps the file, and the server points there.
    """

    path: str
    size: int | None
    params: Mapping[str, str] = field(default_factory=dict)


def result_path(source: Path, language: str, media_type: str | None, folder: Path | None) -> Path:
    """`talk.es.mp4` beside `talk.mp4`, or in `folder`; another container gets its own suffix.

    `language` is the server's word. Raises UnreachableError where it is none that a name can hold.
    """
    try:
        language = language_tag(language)
    except ValueError:
        raise UnreachableError(
            _("The server names a language that is none; nothing was written."), code="not_a_language"
        ) from None
    suffixes = {
        "video/mp4": ".mp4",
        "video/x-matroska": ".mkv",
        "video/webm": ".webm",
        "video/quicktime": ".mov",
        "application/x-subrip": ".srt",
        "text/vtt": ".vtt",
    }
    suffix = source.suffix
    if media_type in suffixes and not (suffix.lower() in (".mov", ".m4v") and media_type == "video/mp4"):
        suffix = suffixes[media_type]
    return (folder or source.parent) / f"{source.stem}.{language}{suffix}"


def clip_path(prompt: str, video_id: str, folder: Path) -> Path:
    """`a-cat-on-a-roof.0b1c2d3e.mp4`: two videos of one prompt do not overwrite each other.

    `video_id` is the server's word. Raises UnreachableError where it is no id.
    """
    try:
        number = UUID(video_id).hex[:8]
    except ValueError:
        raise UnreachableError(
            _("The server gives a video a strange id; nothing was written."), code="not_an_id"
        ) from None
    words = re.findall(r"[^\W_]+", prompt.lower())
    slug = "-".join(words)[:_LONGEST_SLUG].strip("-") or "video"
    return folder / f"{slug}.{number}.mp4"


def download(api: Api, wanted: Wanted, target: Path, on_progress: Callable[[float], None]) -> str:
    """Fetch a file to `target` (an earlier one there is replaced); returns its sha256.

    Size and digest are those that the server states, or the file does not get its name. Raises CliError.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}.part")
    seen, tag, failures = hashlib.sha256(), "", 0
    try:
        with part.open("wb") as file:
            while True:
                resume = {"Range": f"bytes={file.tell()}-", "If-Range": tag} if file.tell() and tag else {}
                before = file.tell()
                try:
                    with api.open(
                        "GET",
                        f"{PREFIX}{wanted.path}",
                        params=wanted.params,
                        elsewhere=wanted.size is None,
                        headers={**resume, "Accept-Encoding": "identity"},
                    ) as answer:
                        if answer.status_code != 206:
                            file.seek(0)
                            file.truncate()
                            seen = hashlib.sha256()
                        tag = answer.headers.get("etag", "")
                        for piece in answer.iter_bytes(_PIECE):
                            file.write(piece)
                            seen.update(piece)
                            on_progress(
                                min(1.0, file.tell() / (wanted.size or _size_of(answer, file.tell())))
                            )
                    break
                except PassingError as error:
                    failures = 0 if file.tell() > before else failures + 1
                    if failures > MOST_FAILURES:
                        raise error.cause from None
                    time.sleep(max(error.wait, min(5.0, 0.2 * 2**failures)))
            received = file.tell()
        _verify(received, wanted.size, seen.hexdigest(), tag)
        part.replace(target)
    except OSError as error:
        raise CliError(_("{path} cannot be written: {reason}", path=target, reason=error.strerror)) from None
    finally:
        part.unlink(missing_ok=True)
    return seen.hexdigest()


def _size_of(answer: httpx.Response, at_least: int) -> int:
    """What an answer says of its own length."""
    said = answer.headers.get("content-length", "")
    return max(1, at_least, int(said) if said.isdigit() else 0)


def _verify(received: int, size: int | None, digest: str, tag: str) -> None:
    """The server's entity tag is the sha256 of the file (a provider's, where it keeps a clip, is not)."""
    stated = tag.strip('"')
    short = size is not None and received != size
    if short or (len(stated) == 64 and stated != digest):
        raise UnreachableError(
            _("The file arrived damaged. Please download it again."), code="damaged_download"
        )


def fetch(
    api: Api,
    report: Reporter,
    job: dict[str, Any],
    output: dict[str, Any],
    source: Path,
    folder: Path | None,
) -> Path:
    """Download one language of a job to its place; returns where that is."""
    target = result_path(source, output["language"], output.get("media_type"), folder)
    wanted = Wanted(
        f"/jobs/{job['id']}/download", int(output["size_bytes"]), {"language": output["language"]}
    )
    download(api, wanted, target, lambda share: report.downloading(target.name, share))
    return target.absolute()
