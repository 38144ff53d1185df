"""What can be wrong with a request to edit."""

from octavia_gateway.problems import ApiError


class UnknownSegmentError(ApiError):
    """A change names a line that is not there (any more)."""

    status = 422
    code = "unknown_segment"

    def __init__(self, place: int, segment_id: str) -> None:
        super().__init__(f"There is no line {segment_id}.", change=place, segment_id=segment_id)


class LineNotFoundError(ApiError):
    """There is no such line, or it could not be spoken."""

    status = 404
    code = "line_not_found"

    def __init__(self, segment_id: str) -> None:
        super().__init__(f"There is no line {segment_id} that can be heard.", segment_id=segment_id)


class NotSpokenError(ApiError):
    """A line was changed, and nobody has spoken it since."""

    status = 409
    code = "not_spoken"

    def __init__(self, segment_id: str) -> None:
        super().__init__(
            f"Line {segment_id} was changed and is not spoken yet. Render the language; it can be heard "
            "as soon as it is spoken, before the whole is put together.",
            segment_id=segment_id,
        )


class UnsuitableChangeError(ApiError):
    """A change that cannot be made; none of those sent with it was."""

    status = 422
    code = "unsuitable_change"

    def __init__(self, place: int, reason: str) -> None:
        super().__init__(f"Change {place + 1} cannot be made: {reason}", change=place, reason=reason)


class RevisionConflictError(ApiError):
    """Somebody else has edited meanwhile."""

    status = 409
    code = "revision_conflict"

    def __init__(self, current: int) -> None:
        super().__init__(
            f"The lines have changed since: they are at revision {current} now. Look at them again first.",
            current_revision=current,
        )


class UnknownRevisionError(ApiError):
    """There is no such revision to go back to."""

    status = 422
    code = "unknown_revision"

    def __init__(self, current: int) -> None:
        super().__init__(f"Name a revision from 0 to {current}.", current_revision=current)


class TranscriptRevisionError(ApiError):
    """A revision of the transcript: there were no lines of this language yet."""

    status = 422
    code = "transcript_revision"

    def __init__(self, first: int) -> None:
        super().__init__(
            f"Revisions before {first} are of the transcript, of which these lines were made afterwards. "
            f"Name revision {first} or a later one; for another transcript, create a new job.",
            first_revision=first,
        )


class NotEditableError(ApiError):
    """The job has no lines that could be edited."""

    status = 409
    code = "not_editable"

    def __init__(self, reason: str) -> None:
        super().__init__(reason)


class TranslatingError(ApiError):
    """Lines are being translated anew; what is to be spoken is not known yet."""

    status = 409
    code = "translating"

    def __init__(self, language: str) -> None:
        super().__init__(
            f"Lines in {language} are being translated just now. Wait for them, or write them yourself.",
            language=language,
        )


class RenderingError(ApiError):
    """A language is being rendered already."""

    status = 409
    code = "rendering"

    def __init__(self, language: str) -> None:
        super().__init__(f"{language} is being rendered just now. Wait until it is done.", language=language)
