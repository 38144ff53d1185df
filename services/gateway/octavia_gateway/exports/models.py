"""An export as the gateway keeps it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from octavia_common.artifacts import sha256_of
from octavia_common.artifacts.keys import canonical_json
from octavia_common.events import ArtifactRef, ExportKind, ExportSubtitles, JobError, JobRef, JobSpec, Output


class ExportStatus(StrEnum):
    """Where an export stands."""

    MAKING = "making"
    COMPLETED = "completed"
    FAILED = "failed"


Possible = Mapping[ExportKind, Sequence[str]]
"""Containers that each kind of export can have, the usual one first."""


@dataclass(frozen=True)
class Export:
    """One file that is made of a job's results, and where it stands.

    `results` are the digests of the results that it is made of, in the order of `languages`.
    """

    export_id: UUID
    job_id: UUID
    user_id: UUID
    kind: ExportKind
    container: str
    languages: tuple[str, ...]
    subtitles: ExportSubtitles | None
    results: tuple[str, ...]
    created_at: datetime
    deadline_at: datetime
    status: ExportStatus = ExportStatus.MAKING
    media: ArtifactRef | None = None
    notes: tuple[str, ...] = ()
    error: JobError | None = None
    finished_at: datetime | None = None

    def digest(self, spec: JobSpec) -> str:
        """Names all that it is made of: equal wishes of one job for the same results are one export."""
        made_of = {
            "kind": self.kind.value,
            "container": self.container,
            "languages": list(self.languages),
            "subtitles": self.subtitles.model_dump() if self.subtitles else None,
            "results": list(self.results),
            "source": spec.source.sha256,
        }
        return sha256_of(canonical_json(made_of))

    def ref(self) -> JobRef:
        """The reference that its events carry."""
        return JobRef(
            job_id=self.job_id, user_id=self.user_id, hold_id=self.export_id, deadline_at=self.deadline_at
        )

    def is_stale(self, outputs: Mapping[str, Output]) -> bool:
        """Whether a language that it has was put together anew since."""
        now = [outputs[each].result.sha256 for each in self.languages if each in outputs]
        return now != list(self.results)
