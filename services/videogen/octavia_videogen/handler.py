"""What becomes of a job that nobody can work on yet: it fails, and its credits come back."""

from collections.abc import Sequence

from octavia_common.errors import PermanentError
from octavia_common.events import CloudEvent, CreditsReserved, EventData, JobKind
from octavia_common.messaging.handlers import Work


class GenerationUnavailableError(PermanentError):
    """Video generation is asked for where no engine for it is installed."""

    code = "video_generation_unavailable"
    status = 501


class RefuseGeneration:
    """Fails every job that asks for a generated video; all others belong to other services."""

    async def handle(self, event: CloudEvent[CreditsReserved], work: Work) -> Sequence[EventData]:
        """Raises GenerationUnavailableError, from which the shell makes the job's failure."""
        if event.data.spec.kind is JobKind.VIDEO_GENERATE:
            raise GenerationUnavailableError(
                "This platform cannot generate videos yet. The credits held for the job are returned."
            )
        return ()
