"""Dub the bundled sample over the real HTTP API, as a user would: with the command line client."""

import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from octavia_local.errors import LocalError
from octavia_local.launcher import Stack
from octavia_local.layout import Layout
from octavia_local.processes import Process
from octavia_local.toolchain import run
from octavia_local.verification import verify_dub

_TARGET = "es"


def ensure_sample(layout: Layout, *, again: bool = False) -> Path:
    """The bundled sample video; made by its script where it is missing.

    Raises:
        LocalError: the script failed.
    """
    sample = layout.root / ".octavia" / "samples" / "sample.mp4"
    if again or not sample.exists():
        script = layout.root / "samples" / "make_sample.py"
        command = [str(layout.venv_bin / "python"), str(script), str(sample)]
        run(command, "The sample cannot be made")
    return sample


@dataclass(frozen=True)
class DemoResult:
    """What came of the sample.

    Attributes:
        path: the dubbed video.
        history: lines of the account's credit history, oldest first.
        email, password: of the account that owns the job.
    """

    path: Path
    history: Sequence[Mapping[str, Any]]
    email: str
    password: str

    def show(self, say: Callable[[str], None]) -> None:
        """Tell the person where everything is."""
        say(f"Dubbed and verified: {self.path}")
        say("Credits:")
        for entry in self.history:
            line = f"{entry['kind']:>10} {entry['amount']:>+6}   balance {entry['balance_after']:>5}"
            say(f"  {line}   {entry.get('reason') or ''}")
        say(f"Account of the sample: {self.email}, password {self.password}")


class Demo:
    """One run of the sample under an account of its own, so that every run has its welcome credits."""

    def __init__(self, layout: Layout, gateway: str, stack: Stack, say: Callable[[str], None]) -> None:
        self._layout = layout
        self._gateway = gateway
        self._stack = stack
        self._say = say

    def run(self, sample: Path) -> DemoResult:
        """Upload, dub, download, verify.

        Raises:
            LocalError: any of these failed.
        """
        began = datetime.now(UTC)
        email = f"sample-{began:%Y%m%d-%H%M%S}@octavia.example"
        password = secrets.token_urlsafe(12)
        with httpx.Client(base_url=self._gateway, timeout=30.0) as http:
            self._say(f"Dubbing {sample.name} into Spanish as {email}")
            token = _post(http, "/api/v1/auth/register", {"email": email, "password": password})[
                "access_token"
            ]
            result = self._translate(sample, token)
            verify_dub(sample, result)
            http.headers["Authorization"] = f"Bearer {token}"
            history = _get(http, "/api/v1/credits/transactions")["items"]
        return DemoResult(result, list(reversed(history)), email, password)

    def _translate(self, sample: Path, token: str) -> Path:
        output = self._layout.state / "demo.json"
        results = self._layout.state / "results"
        results.mkdir(exist_ok=True)
        options = ["--to", _TARGET, "--json", "--output", str(results)]
        client = Process(
            "octavia translate",
            [str(self._layout.venv_bin / "octavia"), "translate", str(sample), *options],
            environment={**self._stack.environment, "OCTAVIA_URL": self._gateway, "OCTAVIA_TOKEN": token},
            output=output,
        )
        status = self._stack.run_beside(client)
        if status != 0:
            raise LocalError(f"The sample was not dubbed: the client ended with status {status}.")
        return _downloaded(output.read_text())


def _downloaded(answer: str) -> Path:
    try:
        path = Path(json.loads(answer)["files"][_TARGET])
    except (ValueError, KeyError, TypeError):
        raise LocalError(f"The client's answer names no downloaded file\n{answer}") from None
    if not path.is_file():
        raise LocalError(f"The client says that it downloaded {path}, which is not there.")
    return path


def _post(http: httpx.Client, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
    return _answer(http.post(path, json=body))


def _get(http: httpx.Client, path: str) -> dict[str, Any]:
    return _answer(http.get(path))


def _answer(response: httpx.Response) -> dict[str, Any]:
    if response.is_error:
        raise LocalError(f"{response.request.url} answered {response.status_code}\n{response.text}")
    result: dict[str, Any] = response.json()
    return result
