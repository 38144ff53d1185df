"""Dub the bundled sample and generate a clip over the real HTTP API, as a user would: by the client."""

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
from octavia_local.verification import verify_clip, verify_dub

_TARGET = "es"
_PROMPT = "A paper boat sails down a rainy street at dusk"
_CLIP_SECONDS = 5


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
class Made:
    """One file that was made, by an account of its own.

    Attributes:
        what: what was done, as a person reads it.
        path: the file.
        history: lines of the account's credit history, oldest first.
        email, password: of the account.
    """

    what: str
    path: Path
    history: Sequence[Mapping[str, Any]]
    email: str
    password: str

    def show(self, say: Callable[[str], None]) -> None:
        """Tell the person where it is, what it cost, and whose it is."""
        say(f"{self.what}: {self.path}")
        for entry in self.history:
            line = f"{entry['kind']:>10} {entry['amount']:>+6}   balance {entry['balance_after']:>5}"
            say(f"  {line}   {entry.get('reason') or ''}")
        say(f"  Account: {self.email}, password {self.password}")


@dataclass(frozen=True)
class DemoResult:
    """What came of the demonstration."""

    made: Sequence[Made]

    def show(self, say: Callable[[str], None]) -> None:
        """Tell the person where everything is."""
        for made in self.made:
            made.show(say)


class Demo:
    """One run of both products, each under a new account, so that its welcome credits pay for it."""

    def __init__(self, layout: Layout, gateway: str, stack: Stack, say: Callable[[str], None]) -> None:
        self._layout = layout
        self._gateway = gateway
        self._stack = stack
        self._say = say

    def run(self, sample: Path) -> DemoResult:
        """Dub the sample and, meanwhile, generate a clip; download and verify both.

        Raises:
            LocalError: any of these failed.
        """
        with _Account(self._gateway, "sample") as dubber, _Account(self._gateway, "clip") as maker:
            dub = self._client(dubber, "translate", str(sample), "--to", _TARGET)
            # One progress is enough to look at.
            clip = self._client(
                maker,
                "generate",
                _PROMPT,
                "--seconds",
                str(_CLIP_SECONDS),
                log=self._layout.logs / "clip.log",
            )
            self._say(f"Generating a clip of “{_PROMPT}” as {maker.email}, and meanwhile")
            self._say(f"Dubbing {sample.name} into Spanish as {dubber.email}")
            self._stack.run_beside(dub.process, clip.process)
            dubbed = dub.downloaded(lambda found: found["files"][_TARGET])
            verify_dub(sample, dubbed)
            generated = clip.downloaded(lambda found: found["videos"][0]["file"])
            verify_clip(generated, _CLIP_SECONDS)
            return DemoResult(
                [dubber.made("Dubbed and verified", dubbed), maker.made("Generated and verified", generated)]
            )

    def _client(
        self, account: "_Account", command: str, *arguments: str, log: Path | None = None
    ) -> "_Client":
        """The command line client; its progress goes to `log`, or is seen."""
        answer = self._layout.state / f"demo.{command}.json"
        results = self._layout.state / "results"
        results.mkdir(exist_ok=True)
        if log is not None:
            log.unlink(missing_ok=True)
        program = str(self._layout.venv_bin / "octavia")
        addressed = {"OCTAVIA_URL": self._gateway, "OCTAVIA_TOKEN": account.token}
        process = Process(
            f"octavia {command}",
            [program, command, *arguments, "--json", "--output", str(results)],
            environment={**self._stack.environment, **addressed},
            log=log,
            output=answer,
        )
        return _Client(process, answer)


@dataclass(frozen=True)
class _Client:
    """One call of the command line client, which answers in JSON."""

    process: Process
    answer: Path

    def downloaded(self, place: Callable[[Any], str]) -> Path:
        """The file that its answer names. Raises LocalError where it failed."""
        answer = self.answer.read_text()
        if self.process.returncode != 0:
            raise LocalError(
                f"{self.process.name} ended with status {self.process.returncode}\n"
                f"{answer}{self.process.log_tail()}"
            )
        try:
            path = Path(place(json.loads(answer)))
        except (ValueError, KeyError, IndexError, TypeError):
            raise LocalError(f"The client's answer names no downloaded file\n{answer}") from None
        if not path.is_file():
            raise LocalError(f"The client says that it downloaded {path}, which is not there.")
        return path


class _Account:
    """A user registered for one file."""

    def __init__(self, gateway: str, name: str) -> None:
        self._http = httpx.Client(base_url=gateway, timeout=30.0)
        self.email = f"{name}-{datetime.now(UTC):%Y%m%d-%H%M%S}@octavia.example"
        self.password = secrets.token_urlsafe(12)
        self.token = ""

    def __enter__(self) -> "_Account":
        try:
            body = {"email": self.email, "password": self.password}
            self.token = _answer(self._http.post("/api/v1/auth/register", json=body))["access_token"]
        except BaseException:
            self._http.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def made(self, what: str, path: Path) -> Made:
        """The file, with what it cost."""
        headers = {"Authorization": f"Bearer {self.token}"}
        lines = _answer(self._http.get("/api/v1/credits/transactions", headers=headers))["items"]
        return Made(what, path, list(reversed(lines)), self.email, self.password)


def _answer(response: httpx.Response) -> dict[str, Any]:
    if response.is_error:
        raise LocalError(f"{response.request.url} answered {response.status_code}\n{response.text}")
    result: dict[str, Any] = response.json()
    return result
