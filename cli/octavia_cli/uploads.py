"""Bringing a file to the server: small ones as a form, large ones by tus 1.0, in pieces."""

import base64
import hashlib
import mimetypes
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

from octavia_cli.api import PREFIX, Api, PassingError
from octavia_cli.errors import RefusedError, UnreachableError
from octavia_cli.messages import _
from octavia_cli.progress import Reporter

FORM_BYTES = 8 * 1024 * 1024
"""Files up to this size go as a form, whole, from memory."""

CHUNK_BYTES = 8 * 1024 * 1024
"""Bytes of one PATCH; kept in memory for its checksum."""

MOST_FAILURES = 8
"""Tries in a row that bring no byte before it gives up."""

OnProgress = Callable[[float], None]
"""Called with the share that is done, 0 to 1."""


def kind_of(file: Path) -> str:
    """`audio` for what its name says is sound alone, else `video`."""
    guessed, _encoding = mimetypes.guess_type(file.name)
    return "audio" if guessed is not None and guessed.startswith("audio/") else "video"


def bring(api: Api, report: Reporter, file: Path, file_type: str) -> str:
    """Upload a file as `upload` does, showing how far it is; returns its id. Raises CliError."""
    found = upload(api, file, lambda share: report.uploading(file.name, share), file_type=file_type)
    return str(found["file_id"])


def upload(api: Api, path: Path, on_progress: OnProgress, *, file_type: str = "video") -> dict[str, Any]:
    """Upload a file (`file_type`: video, audio, subtitle, image); returns its document (`file_id`, `media`…).

    Raises CliError.
    """
    size = path.stat().st_size
    if size <= FORM_BYTES:
        return _by_form(api, path, on_progress, file_type)
    file_id = _by_tus(api, path, size, on_progress, file_type)
    found: dict[str, Any] = api.get(f"/files/{file_id}")
    return found


def _by_form(api: Api, path: Path, on_progress: OnProgress, file_type: str) -> dict[str, Any]:
    on_progress(0.0)
    answer = api.send(
        "POST",
        f"{PREFIX}/upload",
        params={"file_type": file_type},
        files={"file": (path.name, path.read_bytes())},
        timeout=120.0,
    )
    on_progress(1.0)
    found: dict[str, Any] = answer.json()
    return found


def _by_tus(api: Api, path: Path, size: int, on_progress: OnProgress, file_type: str) -> str:
    created = api.send(
        "POST",
        f"{PREFIX}/uploads",
        headers={
            "Tus-Resumable": "1.0.0",
            "Upload-Length": str(size),
            "Upload-Metadata": f"filename {_base64(path.name.encode())},"
            f"file_type {_base64(file_type.encode())}",
        },
    )
    location = urljoin(str(created.request.url), created.headers["location"])
    offset, failures = 0, 0
    with path.open("rb") as file:
        while offset < size:
            file.seek(offset)
            try:
                answer = _patch(api, location, offset, file.read(CHUNK_BYTES))
                offset, failures = int(answer.headers["upload-offset"]), 0
                if file_id := answer.headers.get("upload-file-id"):
                    on_progress(1.0)
                    return str(file_id)
            except PassingError as error:
                failures += 1
                if failures > MOST_FAILURES:
                    raise error.cause from None
                time.sleep(max(error.wait, min(5.0, 0.2 * 2**failures)))
                offset = _offset(api, location)
            except RefusedError as error:
                if error.code != "upload_offset_conflict" or failures > MOST_FAILURES:
                    raise
                failures += 1
                offset = _offset(api, location)
            on_progress(offset / size)
    return _outcome(api, location)


def _patch(api: Api, location: str, offset: int, data: bytes) -> Any:
    return api.send_once(
        "PATCH",
        location,
        headers={
            "Tus-Resumable": "1.0.0",
            "Upload-Offset": str(offset),
            "Upload-Checksum": f"sha256 {_base64(hashlib.sha256(data).digest())}",
            "Content-Type": "application/offset+octet-stream",
        },
        content=data,
        timeout=300.0,  # the last one is answered after the file was checked
    )


def _offset(api: Api, location: str) -> int:
    """Where the server stands."""
    return int(api.send("HEAD", location, headers={"Tus-Resumable": "1.0.0"}).headers["upload-offset"])


def _outcome(api: Api, location: str) -> str:
    """The file of an upload whose last answer was lost. Raises RefusedError where it was no good."""
    for _attempt in range(600):
        found = api.send("GET", location).json()
        if found.get("file_id"):
            return str(found["file_id"])
        if problem := found.get("problem"):
            raise RefusedError(
                problem.get("detail") or problem.get("message") or _("The server refused the file."),
                code=problem.get("code", "refused"),
            )
        time.sleep(0.5)
    raise UnreachableError(_("The server did not finish checking the file. Try again later."))


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
