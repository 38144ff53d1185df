"""Exports end by the events of their runs."""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from octavia_common.events import CloudEvent, ExportFailed, ExportMade

from octavia_gateway.database import Connection
from octavia_gateway.events.log import Draft
from octavia_gateway.exports.models import Export, ExportStatus
from octavia_gateway.exports.repository import ExportsRepository
from octavia_gateway.exports.schemas import ExportResponse

Ending = ExportMade | ExportFailed


class ExportProjection:
    """Projects a batch of events; what is no export's is passed by."""

    def __init__(self) -> None:
        self._exports = ExportsRepository()

    async def project(self, connection: Connection, events: Sequence[CloudEvent[Any]]) -> list[Draft]:
        """Apply `events`; what the owners' streams are to be told. The first ending of an export stands."""
        endings: dict[Any, Ending] = {}
        for event in events:
            if isinstance(event.data, Ending):
                endings.setdefault(event.data.job.hold_id, event.data)
        if not endings:
            return []
        at_work = await self._exports.lock_at_work(connection, endings)
        ended = [_ended(export, endings[export.export_id]) for export in at_work]
        await self._exports.end(connection, ended)
        return [_draft(export) for export in ended]


def _ended(export: Export, ending: Ending) -> Export:
    if isinstance(ending, ExportMade):
        return replace(export, status=ExportStatus.COMPLETED, media=ending.media, notes=ending.notes)
    return replace(export, status=ExportStatus.FAILED, error=ending.error)


def _draft(export: Export) -> Draft:
    body = ExportResponse.of(export, stale=False).model_dump(mode="json")
    told = json.dumps({"id": str(export.job_id), "export": body})
    return Draft(export.user_id, export.job_id, "job.exported", told)
