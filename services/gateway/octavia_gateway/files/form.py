"""The `file` of a multipart form, as a stream.

FastAPI's own `UploadFile` spools the body to a temporary file; here the parser is pushed with what
the socket gave and the file's bytes pass straight on, so a form of any size takes no disk.
"""

from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from octavia_gateway.files.errors import MalformedFormError

FILE_FIELD = "file"
LONGEST_FIELDS_BYTES = 64 * 1024
"""Most bytes of all fields that are not the file."""

MOST_FIELDS = 32


@dataclass(frozen=True)
class FormFile:
    """The file of a form. `chunks` must be read to its end; only then is the form known to be whole."""

    filename: str
    media_type: str
    chunks: AsyncIterator[bytes]


async def open_form_file(content_type: str | None, body: AsyncIterator[bytes]) -> FormFile:
    """Reads `body` up to the first byte of the form's file.

    Raises:
        MalformedFormError: no multipart form, no file in it, or too much beside it.
    """
    kind, options = parse_options_header(content_type)
    boundary = options.get(b"boundary", b"")
    if kind != b"multipart/form-data" or not boundary:
        raise MalformedFormError('Send a multipart/form-data body with the video in the field "file".')
    form = _Form(boundary)
    async for data in body:
        form.push(data)
        if form.file_opened:
            return FormFile(form.filename, form.media_type, _rest(form, body))
    raise MalformedFormError('The form has no file: put it in the field "file".')


async def _rest(form: "_Form", body: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    for chunk in form.take():
        yield chunk
    async for data in body:
        form.push(data)
        for chunk in form.take():
            yield chunk
    if not form.ended:
        raise MalformedFormError(
            "The form ends in the middle: the connection was cut. Upload the file again."
        )


class _Form:
    """State of the parser: which part it is in, and the file's bytes that nobody took yet."""

    def __init__(self, boundary: bytes) -> None:
        self.filename = ""
        self.media_type = "application/octet-stream"
        self.file_opened = False
        self.ended = False
        self._in_file = False
        self._headers: dict[bytes, bytes] = {}
        self._name = b""
        self._value = b""
        self._parts = 0
        self._beside = 0
        self._chunks: deque[bytes] = deque()
        try:
            self._parser = MultipartParser(
                boundary,
                {
                    "on_part_begin": self._part_begin,
                    "on_header_field": self._header_field,
                    "on_header_value": self._header_value,
                    "on_header_end": self._header_end,
                    "on_headers_finished": self._headers_finished,
                    "on_part_data": self._part_data,
                    "on_part_end": self._part_end,
                    "on_end": self._end,
                },
            )
        except FormParserError:
            raise MalformedFormError("The form's boundary is too long.") from None

    def push(self, data: bytes) -> None:
        try:
            self._parser.write(data)
        except FormParserError:
            raise MalformedFormError("The body is not a well-formed multipart form.") from None

    def take(self) -> list[bytes]:
        """The file's bytes since the last call."""
        chunks = list(self._chunks)
        self._chunks.clear()
        return chunks

    def _part_begin(self) -> None:
        self._headers = {}
        self._parts += 1
        if self._parts > MOST_FIELDS:
            raise MalformedFormError(f"A form may have at most {MOST_FIELDS} fields.")

    def _header_field(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header_end(self) -> None:
        self._headers[self._name.lower()] = self._value
        self._name = self._value = b""

    def _headers_finished(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition"))
        if options.get(b"name") != FILE_FIELD.encode() or b"filename" not in options:
            return
        if self.file_opened:
            raise MalformedFormError("Upload one file a request.")
        self.file_opened = self._in_file = True
        # Browsers send the name in UTF-8 with quotes and line ends percent-encoded (WHATWG HTML,
        # multipart form data).
        name = options[b"filename"].decode(errors="replace")
        self.filename = name.replace("%22", '"').replace("%0D", " ").replace("%0A", " ")
        declared = self._headers.get(b"content-type", b"").decode("latin-1").strip()
        self.media_type = declared or self.media_type

    def _part_data(self, data: bytes, start: int, end: int) -> None:
        if self._in_file:
            self._chunks.append(data[start:end])
            return
        self._beside += end - start
        if self._beside > LONGEST_FIELDS_BYTES:
            raise MalformedFormError("The form has too much beside the file.")

    def _part_end(self) -> None:
        self._in_file = False

    def _end(self) -> None:
        self.ended = True
