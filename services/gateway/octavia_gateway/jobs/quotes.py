"""What a run of a job costs."""

from collections.abc import Sequence

from octavia_common.events import CountedPreview, JobSpec
from octavia_common.pricing import PriceList, price_of

from octavia_gateway.jobs.errors import PricesUnknownError


def quote_of(prices: PriceList, spec: JobSpec, counted: Sequence[CountedPreview] = ()) -> int:
    """The price of what `spec` asks for, all its languages together; a preview's is that of its length.

    What was paid for the previews it `counted` is taken off.

    Raises PricesUnknownError (503) where the list is of a billing that does not know the kind yet.
    """
    if spec.kind.value not in prices.kinds:
        raise PricesUnknownError
    whole = price_of(prices, spec.kind.value, spec.worked_seconds, len(spec.target_languages))
    return whole - sum(preview.credits for preview in counted)
