"""Errors that say what kind they are, what HTTP status they have and what a person can do."""

from typing import Any, ClassVar


class OctaviaError(Exception):
    """Base of every error of the platform.

    `code` is stable and machine-readable, `status` the HTTP status it maps to, `transient` whether
    the same call may succeed later. The message is shown to people: it says what happened and what
    to do. `context` goes to logs and into the problem document, so it must hold no secret.
    """

    code: ClassVar[str] = "internal"
    status: ClassVar[int] = 500
    transient: ClassVar[bool] = False

    def __init__(self, message: str, **context: Any) -> None:
        super().__init__(message)
        self.message = message
        self.context = context


class PermanentError(OctaviaError):
    """The input is at fault: trying again gives the same answer, so the job fails now."""

    code = "invalid_input"
    status = 422


class TransientError(OctaviaError):
    """The surroundings are at fault: worth trying again, within bounds."""

    code = "temporarily_unavailable"
    status = 503
    transient = True


class JobCancelledError(OctaviaError):
    """The job a piece of work belongs to has ended elsewhere: drop the work, emit nothing."""

    code = "job_cancelled"
    status = 409


class EngineUnavailableError(PermanentError):
    """An engine's package, program or model is missing; the service refuses to start."""

    code = "engine_unavailable"
    status = 503


class UnsupportedLanguageError(PermanentError):
    """No installed engine works with the language (or pair) asked for."""

    code = "unsupported_language"


class MediaError(PermanentError):
    """The media cannot be used; the message says why in words its owner understands."""

    code = "unusable_media"


class ArtifactMissingError(PermanentError):
    """A referenced object is gone: deleted by its owner or by retention."""

    code = "artifact_missing"
    status = 404


class ArtifactCorruptError(TransientError):
    """An object's bytes do not have the digest that its reference promises."""

    code = "artifact_corrupt"
