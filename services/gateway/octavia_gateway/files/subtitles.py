"""Uploaded subtitle files: untrusted text in any encoding, read within bounds and by no program."""

import asyncio
from collections.abc import Mapping

from octavia_common.artifacts import ArtifactStore
from octavia_common.media.errors import MediaTooLongError
from octavia_common.media.formats import MAX_SECONDS
from octavia_subtitles.reading import Form, SubtitleFile, UnreadableSubtitlesError, read
from octavia_subtitles.substation import ASS_TYPE
from octavia_subtitles.writing import SRT_TYPE, VTT_TYPE

from octavia_gateway.files.errors import EmptyFileError, NoSubtitlesError
from octavia_gateway.files.models import FileMedia, Inspection

_FOUND: Mapping[Form, tuple[str, str]] = {
    Form.SRT: ("srt", SRT_TYPE),
    Form.VTT: ("webvtt", VTT_TYPE),
    Form.ASS: ("ass", ASS_TYPE),
    Form.SSA: ("ass", ASS_TYPE),
}
"""What each form is called as a container, and on the wire."""


async def read_subtitles(store: ArtifactStore, key: str, size_bytes: int) -> Inspection:
    """What the object under `key` is: as long as its last subtitle is shown.

    Raises:
        MediaError: it is no subtitle file that can be used; the message says why.
    """
    blocks = [block async for block in store.stream(key, length=size_bytes)] if size_bytes else []
    data = b"".join(blocks)
    if not data:
        raise EmptyFileError("The file is empty. Choose another one.")
    try:
        file = await asyncio.to_thread(read, data)
    except UnreadableSubtitlesError as error:
        raise NoSubtitlesError(str(error)) from None
    container, media_type = _FOUND[file.form]
    return Inspection(FileMedia(duration_seconds=_seconds(file), container=container), media_type)


def _seconds(file: SubtitleFile) -> float:
    seconds = max(cue.end_ms for cue in file.cues) / 1000
    if seconds > MAX_SECONDS:
        raise MediaTooLongError(seconds)
    return seconds
