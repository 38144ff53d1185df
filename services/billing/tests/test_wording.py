"""What people read on their history says what a hold was for, and names no file."""

import pytest
from octavia_billing.domain.wording import purpose_of
from octavia_common.events import AUTO, ArtifactRef, JobKind, JobSpec


@pytest.mark.parametrize(
    ("kind", "targets", "words"),
    [
        (JobKind.VIDEO_TRANSLATE, ("es", "fr"), "Video translation (en to es, fr)"),
        (JobKind.AUDIO_TRANSLATE, ("de",), "Audio translation (en to de)"),
        (JobKind.SUBTITLE_TRANSLATE, ("vi",), "Subtitle translation (en to vi)"),
        (JobKind.SUBTITLES, (AUTO,), "Subtitles (in the language spoken)"),
        (JobKind.VIDEO_GENERATE, (), "Generated video"),
    ],
)
def test_what_a_hold_is_for(kind: JobKind, targets: tuple[str, ...], words: str) -> None:
    spec = JobSpec(
        kind=kind,
        source=ArtifactRef(key="k", sha256="0" * 64, size_bytes=1, media_type="video/mp4"),
        source_filename="secret plans.mp4",
        duration_seconds=60.0,
        source_language="en",
        target_languages=targets,
    )
    assert purpose_of(spec) == words
