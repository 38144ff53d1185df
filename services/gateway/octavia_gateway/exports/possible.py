"""What can be made of a job or of a file, said from what the upload's probe found."""

from octavia_common.events import ExportKind, JobKind
from octavia_common.media.holding import containers_for

from octavia_gateway.exports.models import Possible
from octavia_gateway.files.models import FileMedia

SPOKEN = frozenset({JobKind.VIDEO_TRANSLATE, JobKind.AUDIO_TRANSLATE})
"""Jobs whose results are heard."""

_OF_RESULTS = frozenset({ExportKind.SPEECH, ExportKind.AUDIO})
"""What needs nothing of the source."""


def of_file(media: FileMedia) -> Possible:
    """What can be made of a dub of this file; nothing of one that has no sound."""
    return {kind: _containers(kind, media, spoken=True) if media.has_audio else () for kind in ExportKind}


def of_job(kind: JobKind, media: FileMedia | None) -> Possible:
    """What can be made of a finished job; `media` None: its file is gone."""
    spoken = kind in SPOKEN
    nothing = FileMedia(container="")
    return {
        each: _containers(each, media or nothing, spoken=spoken)
        if media is not None or each in _OF_RESULTS
        else ()
        for each in ExportKind
    }


def _containers(kind: ExportKind, media: FileMedia, *, spoken: bool) -> tuple[str, ...]:
    return containers_for(
        kind,
        container=media.container,
        picture=media.video.codec if media.video else None,
        sound=media.has_audio,
        spoken=spoken,
    )
