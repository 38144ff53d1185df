"""Asks every moderator about every prompt; the first refusal is the answer."""

import asyncio
from collections.abc import Sequence

import structlog
from octavia_common.cancellation import CancelToken
from octavia_common.errors import OctaviaError
from prometheus_client import Counter

from octavia_gateway.videos.errors import ModerationUnavailableError, PromptRefusedError
from octavia_gateway.videos.moderation.base import Moderator, Prompts

log = structlog.get_logger(__name__)

PATIENCE_SECONDS = 30.0
"""For all prompts of one request, tries and all."""

REFUSED = Counter("octavia_prompts_refused_total", "Prompts that were not let through.", ["moderator"])


class Moderation:
    """The moderators in their order, the cheap first; each is started when it is first asked."""

    def __init__(self, moderators: Sequence[Moderator]) -> None:
        self._moderators = moderators
        self._started = False
        self._starting = asyncio.Lock()

    async def check(self, prompts: Sequence[str]) -> None:
        """Return where all prompts may be made.

        Raises PromptRefusedError (422) with the place of the first that may not, ModerationUnavailableError
        (503) where that cannot be found out.
        """
        different = tuple(dict.fromkeys(prompts))
        await self._start()
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                for moderator in self._moderators:
                    await self._ask(moderator, different, prompts)
        except TimeoutError:
            raise _unavailable() from None

    async def _ask(self, moderator: Moderator, different: Prompts, prompts: Sequence[str]) -> None:
        cancel = CancelToken()
        batches = [
            different[start : start + moderator.batch] for start in range(0, len(different), moderator.batch)
        ]
        try:
            answers = await asyncio.gather(*(moderator.run(batch, cancel) for batch in batches))
        except OctaviaError as error:
            log.error("a moderator cannot be asked", moderator=moderator.name, error=repr(error))
            raise _unavailable() from None
        finally:
            cancel.cancel()  # those that are still asked need no further try
        verdicts = [verdict for answer in answers for verdict in answer]
        for prompt, refusal in zip(different, verdicts, strict=True):
            if refusal is not None:
                REFUSED.labels(moderator.name).inc()
                raise PromptRefusedError(
                    refusal.en,
                    vi=refusal.vi,
                    category=refusal.category,
                    index=list(prompts).index(prompt),
                )

    async def _start(self) -> None:
        async with self._starting:
            if not self._started:
                for moderator in self._moderators:
                    await moderator.start()
                self._started = True

    async def run(self) -> None:
        """Be ready until cancelled; then let go of threads and connections."""
        await self._start()
        try:
            await asyncio.Event().wait()
        finally:
            for moderator in self._moderators:
                await moderator.close()


def _unavailable() -> ModerationUnavailableError:
    return ModerationUnavailableError(
        "Prompts cannot be checked just now, so nothing was begun and nothing is held. Try again shortly."
    )
