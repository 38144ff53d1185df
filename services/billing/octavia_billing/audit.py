"""The ledger held against itself: every stored figure is rebuilt from immutable entries and compared."""

from collections.abc import Mapping
from dataclasses import dataclass

from octavia_billing.repositories import Connection
from octavia_billing.repositories.audit import AuditRepository, Difference, load_checks


@dataclass(frozen=True)
class AuditReport:
    """What was looked at and what does not agree; `counts` says how often each promise is broken."""

    totals: Mapping[str, int]
    counts: Mapping[str, int]
    differences: tuple[Difference, ...]

    @property
    def sound(self) -> bool:
        """Whether every promise holds."""
        return not any(self.counts.values())


async def audit(connection: Connection, repository: AuditRepository) -> AuditReport:
    """Run every check at one moment of the database, while the service goes on working."""
    counts: dict[str, int] = {}
    differences: list[Difference] = []
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        totals = await repository.totals(connection)
        for check in load_checks():
            counts[check.name], found = await repository.differences(connection, check)
            differences.extend(found)
    return AuditReport(totals, counts, tuple(differences))
