"""Why a URL cannot be fetched, each in words that tell its owner what to do.

Nothing here tells what the name resolved to or what a server inside said: a stranger must not be able to
look around through these answers.
"""

from octavia_common.errors import MediaError, PermanentError, TransientError


class InvalidUrlError(PermanentError):
    """Not an address that is fetched, whatever it may mean to other programs."""

    code = "invalid_url"

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"This URL cannot be used: {reason}. Give the http or https address of the file itself, such as "
            "https://example.org/talk.mp4.",
            reason=reason,
        )


class ForbiddenAddressError(PermanentError):
    """The address, or one of those that the name stands for, is not on the public internet."""

    code = "forbidden_address"

    def __init__(self) -> None:
        super().__init__(
            "This URL does not lead to a public server on the internet, so it is not fetched. "
            "Upload the file itself, or put it on a public server."
        )


class TooManyRedirectsError(PermanentError):
    """It leads from one address to the next without an end."""

    code = "too_many_redirects"

    def __init__(self, limit: int) -> None:
        super().__init__(
            f"The URL leads on to another address more than {limit} times. Give the last one of them.",
            limit=limit,
        )


class RemoteRefusedError(PermanentError):
    """The server answered, and did not give the file."""

    code = "remote_refused"

    def __init__(self, answered: int) -> None:
        super().__init__(
            f"The server answered {answered} instead of the file. "
            "Check that the URL opens without signing in.",
            answered=answered,
        )


class RemoteProtocolError(PermanentError):
    """What the server says is not HTTP as we speak it, or its certificate is not good."""

    code = "remote_protocol"

    def __init__(self) -> None:
        super().__init__(
            "The server's answer cannot be understood or its certificate is not valid. "
            "Download the file yourself and upload it."
        )


class RemoteNotMediaError(MediaError):
    """A web page where a file should be."""

    code = "remote_not_media"

    def __init__(self) -> None:
        super().__init__(
            "This is the address of a web page, not of a video. Give the address of the video file itself."
        )


class RemoteTooSlowError(PermanentError):
    """The file comes more slowly than is waited for."""

    code = "remote_too_slow"

    def __init__(self) -> None:
        super().__init__(
            "The server sends the file too slowly. Download the file yourself and upload it, or try later."
        )


class RemoteUnreachableError(TransientError):
    """The name is not known, nobody answers, or the line breaks: tried again some times."""

    code = "remote_unreachable"

    def __init__(self) -> None:
        super().__init__(
            "The server cannot be reached, or broke off. Check the URL, and try again in some minutes."
        )
