"""What the endpoints of files work with, made once an application."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Self

from fastapi import Depends, Request
from octavia_common.artifacts import ArtifactStore

from octavia_gateway.database import GatewayDatabase
from octavia_gateway.files.admission import UploadSlots
from octavia_gateway.files.digests import RunningDigests
from octavia_gateway.files.direct.service import DirectUploads
from octavia_gateway.files.inspection import Inspector
from octavia_gateway.files.intake import FileIntake
from octavia_gateway.files.making import FileMaker
from octavia_gateway.files.opening import UploadOpener
from octavia_gateway.files.tus.finisher import Finisher, FinishingTasks
from octavia_gateway.files.tus.receiver import Receiver
from octavia_gateway.files.tus.service import ResumableUploads
from octavia_gateway.files.tus.sweeper import UploadSweeper
from octavia_gateway.resources import get_resources
from octavia_gateway.settings import GatewaySettings


@dataclass(frozen=True)
class FileServices:
    """The parts of this package, wired."""

    slots: UploadSlots
    maker: FileMaker
    intake: FileIntake
    uploads: ResumableUploads
    direct: DirectUploads
    sweeper: UploadSweeper

    @classmethod
    def build(cls, settings: GatewaySettings, database: GatewayDatabase, store: ArtifactStore) -> Self:
        """Wires them; nothing is started."""
        inspector = Inspector(store, most_bytes=settings.probe_most_bytes, at_once=settings.probes_at_once)
        maker = FileMaker(settings, store, inspector)
        digests = RunningDigests()
        lifetime = timedelta(hours=settings.upload_expiry_hours)
        finisher = Finisher(database, store, maker, digests)
        opener = UploadOpener(settings, database, store, maker)
        return cls(
            slots=UploadSlots(settings.uploads_at_once),
            maker=maker,
            intake=FileIntake(settings, database, store, maker),
            uploads=ResumableUploads(
                database,
                store,
                opener,
                Receiver(database, store, digests, lifetime=lifetime),
                finisher,
            ),
            direct=DirectUploads(
                settings,
                database,
                store,
                opener,
                FinishingTasks(finisher, at_once=settings.probes_at_once),
            ),
            sweeper=UploadSweeper(database, store, finisher, every_seconds=settings.upload_sweep_seconds),
        )


async def get_files(request: Request) -> FileServices:
    """The application's file services (a FastAPI dependency)."""
    return (await get_resources(request)).files


CurrentFiles = Annotated[FileServices, Depends(get_files)]
