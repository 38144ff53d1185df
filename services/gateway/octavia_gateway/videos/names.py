"""What a clip is called when it is saved."""

from octavia_gateway.files.names import clean_filename
from octavia_gateway.videos.models import Video

LONGEST_STEM = 60
"""Characters of the prompt in a file's name."""


def filename_of(video: Video) -> str:
    """The prompt's beginning, as a name that every file system takes."""
    words = " ".join(video.prompt.replace("/", " ").replace("\\", " ").split())
    stem = words[:LONGEST_STEM].rstrip(" .")
    return clean_filename(f"{stem or 'video'}.mp4")
