"""What a run of a job costs."""

from octavia_common.events import JobSpec
from octavia_common.pricing import PriceList, price_of

from octavia_gateway.jobs.errors import PricesUnknownError


def quote_of(prices: PriceList, spec: JobSpec) -> int:
    """The price of what `spec` asks for, all its languages together; a preview's is that of its length.

    Raises PricesUnknownError (503) where the list is of a billing that does not know the kind yet.
    """
    if spec.kind.value not in prices.kinds:
        raise PricesUnknownError
    return price_of(prices, spec.kind.value, spec.worked_seconds, len(spec.target_languages))
