"""What fails with an event that cannot be worked on: its job, one language of it, or an export."""

from collections.abc import Sequence

from octavia_common.events import (
    AssemblyRequested,
    ChunkLanguageEvent,
    EventData,
    ExportFailed,
    ExportRequested,
    JobError,
    JobEvent,
    JobFailed,
    JobsSubmitted,
    LanguageFailed,
    VideosSubmitted,
)


def language_of(data: EventData) -> str | None:
    """The language that an event works towards, where it does for one alone."""
    if isinstance(data, ChunkLanguageEvent | AssemblyRequested):
        return data.target_language
    return None


def failures_of(data: EventData, error: JobError) -> Sequence[EventData]:
    """The failures to be told of where `data` is given up: what cannot go on without it.

    Of a job in several languages only the one that the event is about fails; who joins them knows whether
    any is left.
    """
    match data:
        case JobFailed():
            # A failure that cannot be applied must not make another one: that would go on for ever.
            return ()
        case ExportRequested():
            return (ExportFailed(job=data.job, error=error),)
        case ChunkLanguageEvent() | AssemblyRequested():
            return (LanguageFailed(job=data.job, target_language=data.target_language, error=error),)
        case JobEvent():
            return (JobFailed(job=data.job, error=error),)
        case VideosSubmitted():
            return [JobFailed(job=video.job, error=error) for video in data.videos]
        case JobsSubmitted():
            return [JobFailed(job=each.job, error=error) for each in data.jobs]
        case _:
            return ()
