"""What is told when work on an event has failed for good: mostly its job fails, but not always."""

from octavia_common.events import EventData, ExportFailed, ExportRequested, JobError, JobEvent
from octavia_common.events.jobs import JobFailed


def failure_of(data: EventData, error: JobError) -> EventData | None:
    """The event that tells of it, or None where nobody waits to hear."""
    match data:
        case JobFailed():
            # A failure that cannot be applied must not make another one: that would go on for ever.
            return None
        case ExportRequested():
            return ExportFailed(job=data.job, error=error)
        case JobEvent():
            return JobFailed(job=data.job, error=error)
        case _:
            return None
