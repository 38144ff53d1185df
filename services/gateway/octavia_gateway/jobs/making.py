"""Makes jobs of what was asked for: looked at, quoted, stored. One transaction of the caller's."""

from collections.abc import Callable, Collection
from datetime import datetime
from uuid import UUID, uuid4

from octavia_common.artifacts.store import ArtifactStore
from octavia_common.documents import Glossary, Pronunciations
from octavia_common.events import AUTO, ArtifactRef, JobKind, JobSpec
from octavia_common.pricing import PriceList

from octavia_gateway.capabilities.models import Capabilities
from octavia_gateway.capabilities.wishes import check_wishes
from octavia_gateway.credits.repository import CreditsRepository
from octavia_gateway.database import Connection, GatewayDatabase
from octavia_gateway.files.made_objects import list_made
from octavia_gateway.files.models import FileType
from octavia_gateway.files.repository import FilesRepository
from octavia_gateway.glossaries.applying import Applying
from octavia_gateway.jobs import checks
from octavia_gateway.jobs.errors import NotAPreviewError, PricesUnknownError
from octavia_gateway.jobs.glossaries import read_terms, write_terms
from octavia_gateway.jobs.models import Job
from octavia_gateway.jobs.options import OptionsRequest, wished_by
from octavia_gateway.jobs.previews import PREVIEW_SECONDS, PreviewKey, countable
from octavia_gateway.jobs.quotes import quote_of
from octavia_gateway.jobs.repository import JobsRepository
from octavia_gateway.jobs.run import Run
from octavia_gateway.jobs.schemas import CreateTranslation
from octavia_gateway.jobs.states import JobStatus
from octavia_gateway.retention.in_use import begin_using
from octavia_gateway.voices.repository import SpeakersRepository


class JobMaking:
    """Makes pending jobs; nothing is held, and nobody is told yet."""

    def __init__(
        self,
        database: GatewayDatabase,
        store: ArtifactStore,
        *,
        max_target_languages: int,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._store = store
        self._max_target_languages = max_target_languages
        self._clock = clock
        self._applying = Applying()
        self._credits = CreditsRepository()
        self._files = FilesRepository()
        self._jobs = JobsRepository()
        self._speakers = SpeakersRepository()

    async def job(
        self,
        connection: Connection,
        user_id: UUID,
        kind: JobKind,
        asked: CreateTranslation,
        can: Capabilities,
        *,
        batch_id: UUID | None = None,
        created_at: datetime | None = None,
        taken: Collection[PreviewKey] = (),
    ) -> Job:
        """A new job, quoted exactly, one of a batch where that is named; `taken` are the previews that jobs
        before it in the batch count.

        Raises 404 for a foreign or unknown file or list, 422 for a file, languages or wishes that cannot be
        done, PricesUnknownError (503).
        """
        checks.check_target_count(asked.targets(), self._max_target_languages)
        given = asked.subtitle_file_id is not None
        checks.check_subtitle_language(kind, asked.source_language, given=given)
        own = asked.targets() == (AUTO,)
        source_language, targets = can.languages_of(kind).resolve(
            asked.source_language, () if own else asked.targets()
        )
        targets = (AUTO,) if own else targets
        wishes = await self._applying.wishes(connection, user_id, asked.options, can)
        check_wishes(
            can,
            wishes.wished,
            voices=wishes.voices.values(),
            model_size=asked.model_size,
            targets=targets,
            kind=kind,
        )
        file = await self._files.get(connection, user_id, asked.file_id, keep=True)
        checks.check_usable(file, kind, asked.storage_path)
        subtitles = await self._subtitles(connection, user_id, asked.subtitle_file_id)
        spec = JobSpec(
            kind=kind,
            source=file.artifact,
            source_filename=file.filename,
            duration_seconds=file.media.duration_seconds,
            source_language=source_language,
            target_languages=targets,
            model_size=asked.model_size,
            options=asked.options.options().model_copy(update={"voices": wishes.voices}),
            subtitles=subtitles,
            preview_seconds=PREVIEW_SECONDS if asked.preview else None,
        )
        job = await self._added(
            connection,
            user_id,
            spec,
            (wishes.glossary, wishes.pronunciations),
            file_id=asked.file_id,
            subtitle_file_id=asked.subtitle_file_id,
            batch_id=batch_id,
            created_at=created_at,
            taken=taken,
        )
        await self._remember(connection, user_id, asked.options)
        return job

    async def whole(self, connection: Connection, preview: Job, can: Capabilities) -> Job:
        """A new job that makes the whole of what `preview` shows the beginning of: its languages, its wishes
        and its terms as they were then, quoted exactly.

        Raises NotAPreviewError (409), 404 where a file of it is gone, 422 for languages or wishes that cannot
        be done any more, PricesUnknownError (503).
        """
        spec, options, user_id = preview.spec, preview.spec.options, preview.user_id
        if spec.preview_seconds is None:
            raise NotAPreviewError
        source_language, targets = can.languages_of(spec.kind).resolve(
            spec.source_language, spec.target_languages
        )
        check_wishes(
            can,
            wished_by(options),
            voices=options.voices.values(),
            model_size=spec.model_size,
            targets=targets,
            kind=spec.kind,
        )
        for needed in preview.files:
            await self._files.get(connection, user_id, needed, keep=True)
        whole = {
            "source_language": source_language,
            "target_languages": targets,
            "preview_seconds": None,
            "plan": None,
        }
        return await self._added(
            connection,
            user_id,
            spec.model_copy(update=whole),
            await read_terms(self._store, options),
            file_id=preview.file_id,
            subtitle_file_id=preview.subtitle_file_id,
        )

    async def _added(
        self,
        connection: Connection,
        user_id: UUID,
        spec: JobSpec,
        terms: tuple[Glossary | None, Pronunciations | None],
        *,
        file_id: UUID,
        subtitle_file_id: UUID | None,
        batch_id: UUID | None = None,
        created_at: datetime | None = None,
        taken: Collection[PreviewKey] = (),
    ) -> Job:
        """The job of `spec`, quoted, with lists of its own for `terms`. Raises PricesUnknownError (503)."""
        prices = await prices_of(self._credits, connection)
        job_id = uuid4()
        lists = await self._stored(connection, user_id, job_id, *terms)
        spec = spec.model_copy(update={"options": spec.options.model_copy(update=lists)})
        counted = countable(spec, await self._jobs.of_source(connection, user_id, spec), taken)
        job = Job(
            job_id=job_id,
            user_id=user_id,
            file_id=file_id,
            spec=spec,
            quote_credits=quote_of(prices, spec, counted),
            price_version=prices.version,
            created_at=created_at or self._clock(),
            run=Run(languages=spec.target_languages, status=JobStatus.PENDING),
            batch_id=batch_id,
            subtitle_file_id=subtitle_file_id,
            counted=counted,
        )
        await self._jobs.add(connection, job)
        if lists:
            async with self._database.as_service(connection, user_id):
                await list_made(connection, [(job_id, user_id, ref.key) for ref in lists.values()])
        return job

    async def _subtitles(
        self, connection: Connection, user_id: UUID, file_id: UUID | None
    ) -> ArtifactRef | None:
        """The subtitle file that is used in place of recognition. Raises 404 and WrongFileTypeError (422)."""
        if file_id is None:
            return None
        file = await self._files.get(connection, user_id, file_id, keep=True)
        checks.check_type(file, FileType.SUBTITLE)
        return file.artifact

    async def _stored(
        self,
        connection: Connection,
        user_id: UUID,
        job_id: UUID,
        glossary: Glossary | None,
        pronunciations: Pronunciations | None,
    ) -> dict[str, ArtifactRef]:
        """The job's lists in the store, by the option that refers to them."""
        lists = {"glossary": glossary, "pronunciation": pronunciations}
        if any(lists.values()):
            # No sweep of what is not listed finds them before this transaction has listed them.
            await begin_using(connection, user_id)
        return {
            name: await write_terms(self._store, user_id, job_id, terms)
            for name, terms in lists.items()
            if terms is not None
        }

    async def _remember(self, connection: Connection, user_id: UUID, options: OptionsRequest) -> None:
        names = options.speaker_names
        voices = {names[label]: voice for label, voice in options.voices.items() if label in names}
        if options.remember_voices and voices:
            await self._speakers.remember(connection, user_id, voices, at=self._clock())


async def prices_of(credits_: CreditsRepository, connection: Connection) -> PriceList:
    """The price list in force. Raises PricesUnknownError (503)."""
    prices = await credits_.prices(connection)
    if prices is None:
        raise PricesUnknownError
    return prices
