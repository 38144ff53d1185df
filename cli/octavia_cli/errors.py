"""What can go wrong, and the exit code that says so to scripts."""

from enum import IntEnum
from typing import Any, ClassVar

from octavia_cli.messages import _


class ExitCode(IntEnum):
    """Exit codes of `octavia`; part of its interface."""

    OK = 0
    UNEXPECTED = 1
    USAGE = 2
    NOT_SIGNED_IN = 3
    NOT_ENOUGH_CREDITS = 4
    JOB_FAILED = 5
    UNREACHABLE = 6
    REFUSED = 7
    INTERRUPTED = 130


class CliError(Exception):
    """Base: a sentence for a person, an exit code for a script, details for `--json`."""

    exit_code: ClassVar[ExitCode] = ExitCode.UNEXPECTED

    def __init__(self, message: str, *, code: str = "", **details: Any) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.exit_code.name.lower()
        self.details = details

    def document(self) -> dict[str, Any]:
        """The error as JSON."""
        return {"error": {**self.details, "code": self.code, "message": self.message}}


class UsageError(CliError):
    """The command line asks for something that cannot be."""

    exit_code = ExitCode.USAGE


class NotSignedInError(CliError):
    """No session, or one that the server does not know any more."""

    exit_code = ExitCode.NOT_SIGNED_IN

    def __init__(self, message: str = "", *, code: str = "") -> None:
        super().__init__(
            message or _("You are not signed in. Run `octavia login`, or set OCTAVIA_API_KEY."), code=code
        )


class NotEnoughCreditsError(CliError):
    """The balance does not cover the job; nothing was started."""

    exit_code = ExitCode.NOT_ENOUGH_CREDITS


class JobFailedError(CliError):
    """The job failed or was cancelled; its credits are back."""

    exit_code = ExitCode.JOB_FAILED


class UnreachableError(CliError):
    """No answer from the server, or none that makes sense."""

    exit_code = ExitCode.UNREACHABLE


class RefusedError(CliError):
    """The server does not accept the request, and says why."""

    exit_code = ExitCode.REFUSED
