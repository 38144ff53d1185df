"""Whether an uploaded file can be what a video begins with: pure rules on what its probe found."""

from octavia_gateway.files.models import FileRecord, FileType
from octavia_gateway.videos.errors import UnusablePictureError

LARGEST_BYTES = 10 * 1024 * 1024
"""What Kie's image-to-video models fetch at most."""

SMALLEST_SIDE, LARGEST_SIDE = 64, 8192
"""Pixels. Below there is nothing to begin with; above, a picture of few bytes costs its decoder gigabytes."""

TYPES = ("image/jpeg", "image/png", "image/webp")


def check_picture(file: FileRecord) -> None:
    """Raises UnusablePictureError (422), which says what is wrong with it."""
    if file.file_type is not FileType.IMAGE or file.media_type not in TYPES or file.media.video is None:
        raise UnusablePictureError("it is no JPEG, PNG or WebP picture uploaded with file_type=image.")
    if file.size_bytes > LARGEST_BYTES:
        raise UnusablePictureError(f"it is larger than {LARGEST_BYTES // 1024 // 1024} MiB. Make it smaller.")
    width, height = file.media.video.width, file.media.video.height
    if min(width, height) < SMALLEST_SIDE:
        raise UnusablePictureError(
            f"it is {width}x{height}; each side must have {SMALLEST_SIDE} pixels at least."
        )
    if max(width, height) > LARGEST_SIDE:
        raise UnusablePictureError(f"it is {width}x{height}; a side may have {LARGEST_SIDE} pixels at most.")
