"""Fetching a result: in pieces where the line breaks, and verified before it gets its name."""

import hashlib
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from octavia_cli.api import PREFIX, Api, PassingError
from octavia_cli.errors import CliError, UnreachableError
from octavia_cli.foreign import language_tag
from octavia_cli.messages import _

MOST_FAILURES = 8
_PIECE = 256 * 1024


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
    }
    suffix = source.suffix
    if media_type in suffixes and not (suffix.lower() in (".mov", ".m4v") and media_type == "video/mp4"):
        suffix = suffixes[media_type]
    return (folder or source.parent) / f"{source.stem}.{language}{suffix}"


def download(
    api: Api, job_id: str, output: dict[str, Any], target: Path, on_progress: Callable[[float], None]
) -> str:
    """Fetch one language of a job to `target` (an earlier file there is replaced); returns its sha256.

    Size and digest are those that the server states, or the file does not get its name. Raises CliError.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}.part")
    seen, tag, failures = hashlib.sha256(), "", 0
    size = int(output["size_bytes"])
    try:
        with part.open("wb") as file:
            while True:
                resume = {"Range": f"bytes={file.tell()}-", "If-Range": tag} if file.tell() and tag else {}
                before = file.tell()
                try:
                    with api.open(
                        "GET",
                        f"{PREFIX}/jobs/{job_id}/download",
                        params={"language": output["language"]},
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
                            on_progress(min(1.0, file.tell() / max(1, size)))
                    break
                except PassingError as error:
                    failures = 0 if file.tell() > before else failures + 1
                    if failures > MOST_FAILURES:
                        raise error.cause from None
                    time.sleep(max(error.wait, min(5.0, 0.2 * 2**failures)))
            received = file.tell()
        _verify(received, size, seen.hexdigest(), tag)
        part.replace(target)
    except OSError as error:
        raise CliError(_("{path} cannot be written: {reason}", path=target, reason=error.strerror)) from None
    finally:
        part.unlink(missing_ok=True)
    return seen.hexdigest()


def _verify(received: int, size: int, digest: str, tag: str) -> None:
    """The server's entity tag is the sha256 of the file."""
    stated = tag.strip('"')
    if received != size or (len(stated) == 64 and stated != digest):
        raise UnreachableError(
            _("The file arrived damaged. Please download it again."), code="damaged_download"
        )
