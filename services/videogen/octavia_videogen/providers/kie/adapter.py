"""The adapter for Kie AI."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from octavia_common.errors import EngineUnavailableError

from octavia_videogen.domain.catalogue import Catalogue
from octavia_videogen.domain.errors import ModelSwitchedOffError
from octavia_videogen.domain.rate import RateLimit
from octavia_videogen.providers.base import Order, PictureBy, Record, Sent
from octavia_videogen.providers.http import Exchange
from octavia_videogen.providers.kie import answers
from octavia_videogen.providers.remote_results import RemoteResults

CREATE = "/api/v1/jobs/createTask"
QUERY = "/api/v1/jobs/recordInfo"
_CONCEALED = "(a signed address)"


class KieProvider:
    """Tasks of Kie: created once, told of by call-backs, and read from their records."""

    name = "kie"
    picture_by = PictureBy.ADDRESS
    orders_are_listed = False
    orders_are_idempotent = False
    results_are_addresses = True

    def __init__(
        self,
        exchange: Exchange,
        catalogue: Catalogue,
        results: RemoteResults,
        *,
        order_limit: RateLimit,
        called_back: bool,
    ) -> None:
        self._exchange = exchange
        self._catalogue = catalogue
        self._results = results
        self.order_limit: RateLimit | None = order_limit
        self._called_back = called_back

    @property
    def lost_orders_may_return(self) -> bool:
        return self._called_back

    async def start(self) -> None:
        """Nothing to load; a wrong key shows at the first order."""

    async def close(self) -> None:
        await self._exchange.close()
        self._results.close()

    def put_on_record(self, order: Order) -> Sent:
        return Sent(order.form.model, order.form.filled(order.spec, _CONCEALED))

    async def create(self, order: Order) -> str:
        address = order.picture.address if order.picture is not None else None
        request = {"model": order.form.model, "input": order.form.filled(order.spec, address)}
        if order.callback_url is not None:
            request["callBackUrl"] = order.callback_url
        answer = await self._exchange.order(CREATE, json=request)
        try:
            return answers.created(answer.status, answer.content, answer.retry_after)
        except ModelSwitchedOffError:
            raise self._catalogue.unavailable(order.spec.model) from None

    async def listed(self, sent: Sent, ordered_at: datetime) -> Sequence[str]:
        return ()

    async def look(self, task: str) -> Record:
        answer = await self._exchange.look("GET", QUERY, params={"taskId": task})
        return answers.record(answer.status, answer.content, answer.retry_after)

    async def cancel(self, task: str) -> bool:
        return False

    async def fetch(self, task: str, result: str, path: Path) -> None:
        await self._results.fetch(result, path)

    async def still_there(self, result: str) -> bool:
        return await self._results.still_there(result)


def require_key(key: str, setting: str) -> str:
    """A provider's key. Raises EngineUnavailableError where the operator gave none."""
    if not key:
        raise EngineUnavailableError(f"{setting} is empty: this provider takes no orders without a key.")
    return key
