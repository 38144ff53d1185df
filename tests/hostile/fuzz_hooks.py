"""Loaded into schemathesis' own process: who calls, and objects that exist for a part of the calls.

Made-up ids find nothing, and made-up bytes are no video, so most of the API would never be reached. Every
some seconds a new user is registered, with a video, jobs in several states, an upload under way and a key,
and many calls name these: the first of each operation, until one succeeds, and a part of the others.
"""

import os
import random
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import schemathesis

URL = os.environ["OCTAVIA_FUZZ_URL"]
VIDEO = Path(os.environ["OCTAVIA_FUZZ_VIDEO"]).read_bytes()
SECONDS_A_USER = 15
KNOWN_SHARE = 0.6
KNOWN_FIRST = 20
"""So many calls of an operation name what exists, if none of them succeeds before."""

_random = random.Random(os.environ["OCTAVIA_FUZZ_SEED"])
_ids: dict[str, list[str]] = {}
_calls: Counter[str] = Counter()
_succeeded: set[str] = set()


@schemathesis.auth(refresh_interval=SECONDS_A_USER)
class Users:
    """A new user now and then: what a call does to the account or the session does not end the run."""

    def get(self, case: Any, context: Any) -> str:
        """Register one with one of everything; its access token."""
        with httpx.Client(base_url=f"{URL}/api/v1", timeout=30) as client:
            email = f"fuzz{_random.getrandbits(64):x}@example.org"
            registered = client.post(
                "/auth/register", json={"email": email, "password": "correct horse battery"}
            )
            registered.raise_for_status()
            token = str(registered.json()["access_token"])
            client.headers["Authorization"] = f"Bearer {token}"
            _furnish(client)
        return token

    def set(self, case: Any, data: str, context: Any) -> None:
        """Sign the call."""
        case.headers = {**(case.headers or {}), "Authorization": f"Bearer {data}"}


def _furnish(client: httpx.Client) -> None:
    file = client.post("/upload", files={"file": ("x.mp4", VIDEO)}).raise_for_status().json()
    spare = client.post("/upload", files={"file": ("y.mp4", VIDEO)}).raise_for_status().json()
    jobs = []
    for _ in range(3):
        body = {"file_id": file["file_id"], "source_language": "en", "target_language": "es"}
        jobs.append(client.post("/jobs/video-translate/create", json=body).raise_for_status().json()["id"])
    client.post(f"/jobs/{jobs[0]}/process").raise_for_status()
    client.post(f"/jobs/{jobs[1]}/cancel").raise_for_status()
    tus = {"Tus-Resumable": "1.0.0", "Upload-Length": "1000"}
    upload = client.post("/uploads", headers=tus).raise_for_status().headers["location"].rsplit("/", 1)[-1]
    key = client.post("/api-keys", json={"name": "fuzz"}).raise_for_status().json()["id"]
    video = client.post("/videos", json={"prompt": "A paper boat"}).raise_for_status().json()["id"]
    _ids.update(video_id=[video])
    _ids.update(job_id=jobs, file_id=[file["file_id"], spare["file_id"]], upload_id=[upload], key_id=[key])


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: dict[str, Any]) -> None:
    """Have the first calls of each operation, and a part of the others, be about something that exists."""
    operation = case.operation.label
    _calls[operation] += 1
    first = operation not in _succeeded and _calls[operation] <= KNOWN_FIRST
    if not first and _random.random() > KNOWN_SHARE:
        return
    for name in case.path_parameters or {}:
        if name in _ids:
            case.path_parameters[name] = _random.choice(_ids[name])
    if isinstance(case.body, dict) and "file_id" in case.body and "file_id" in _ids:
        case.body["file_id"] = _random.choice(_ids["file_id"])
    if "/uploads" in case.operation.path and _random.random() < 0.8:
        case.headers = {
            **(case.headers or {}),
            "Tus-Resumable": "1.0.0",
            "Upload-Offset": "0",
            "Upload-Length": "1000",
        }


@schemathesis.hook
def after_call(context: Any, case: Any, response: Any) -> None:
    """Remember what succeeded."""
    if response.status_code < 300:
        _succeeded.add(case.operation.label)
