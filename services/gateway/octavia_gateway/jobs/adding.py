"""Languages that are added to a finished job: a run of their own, with a hold of its own."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from octavia_common.events import JobOptions, JobSubmitted, Quote

from octavia_gateway.batches.announce import drafts_of
from octavia_gateway.capabilities.service import CapabilitiesService
from octavia_gateway.capabilities.wishes import check_wishes
from octavia_gateway.credits.repository import CreditsRepository
from octavia_gateway.database import GatewayDatabase
from octavia_gateway.events.log import EventLog
from octavia_gateway.files.repository import FilesRepository
from octavia_gateway.jobs import checks
from octavia_gateway.jobs.announce import draft_of
from octavia_gateway.jobs.errors import (
    InsufficientCreditsError,
    LanguagesAlreadyThereError,
    NotFinishedError,
    QuoteChangedError,
)
from octavia_gateway.jobs.making import prices_of
from octavia_gateway.jobs.models import Job, RunDeadlines
from octavia_gateway.jobs.options import wished_by
from octavia_gateway.jobs.quotes import quote_of
from octavia_gateway.jobs.repository import JobsRepository
from octavia_gateway.retention.in_use import begin_using

_HEEDED_BY_LANGUAGE = ("glossary", "style", "formality", "voices", "clone_voice", "pronunciation")
"""Options that those engines have to heed which a new language goes through."""


class LanguageAdding:
    """Submits runs that make languages which a finished job does not have yet, or could not have before.

    What was made of the source once is found made: nothing but the new languages is worked on.
    """

    def __init__(
        self,
        database: GatewayDatabase,
        capabilities: CapabilitiesService,
        *,
        deadlines: RunDeadlines,
        max_target_languages: int,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._capabilities = capabilities
        self._deadlines = deadlines
        self._max_target_languages = max_target_languages
        self._clock = clock
        self._jobs = JobsRepository()
        self._files = FilesRepository()
        self._credits = CreditsRepository()
        self._log = EventLog()

    async def submit(self, user_id: UUID, job_id: UUID, asked: Sequence[str], max_credits: int | None) -> Job:
        """The job at the start of that run; those of `asked` that are there already are left as they are.

        Raises JobNotFoundError (404), NotFinishedError, LanguagesAlreadyThereError and, where it costs more
        than `max_credits`, QuoteChangedError (409), InsufficientCreditsError (402), 422 for languages or
        wishes that cannot be done, PricesUnknownError and CapabilitiesUnknownError (503).
        """
        can = await self._capabilities.current()
        async with self._database.user_transaction(user_id) as connection:
            await begin_using(connection, user_id)
            job = await self._jobs.get(connection, user_id, job_id, lock=True)
            if not job.status.delivered:
                raise NotFinishedError(job.status.value)
            _, targets = can.languages_of(job.spec.kind).resolve(job.source_language, asked)
            new = tuple(language for language in targets if language not in job.outputs)
            if not new:
                raise LanguagesAlreadyThereError(targets)
            every = tuple(dict.fromkeys((*job.spec.target_languages, *new)))
            checks.check_target_count(every, self._max_target_languages)
            check_wishes(
                can,
                wished(job.spec.options),
                voices=job.spec.options.voices.values(),
                model_size=job.spec.model_size,
                targets=new,
                kind=job.spec.kind,
            )
            for needed in job.files:
                await self._files.get(connection, user_id, needed, keep=True)
            prices = await prices_of(self._credits, connection)
            now = self._clock()
            spec = job.spec.model_copy(update={"target_languages": every})
            deadline_at = self._deadlines.of(job, now)
            job = replace(job, spec=spec).submitted(at=now, deadline_at=deadline_at, languages=new)
            required = quote_of(prices, job.run_spec)
            if max_credits is not None and required > max_credits:
                raise QuoteChangedError(quoted=max_credits, required=required)
            balance = await self._credits.balance(connection, user_id)
            if balance.available < required:
                raise InsufficientCreditsError(required=required, balance=balance.available)
            job = replace(job, quote_credits=required, price_version=prices.version)
            await self._jobs.save(connection, [job])
            async with self._database.as_service(connection, user_id):
                await self._log.append(connection, [draft_of(job), *await drafts_of(connection, [job])])
                quote = Quote(credits=required, price_version=prices.version)
                submitted = JobSubmitted(job=job.ref(), spec=job.run_spec, quote=quote)
                await self._database.add_events(connection, [submitted])
        return job


def wished(options: JobOptions) -> list[str]:
    """Names of the options of a job that are set to anything and concern a new language of it."""
    return [name for name in wished_by(options) if name in _HEEDED_BY_LANGUAGE]
