"""What a run of a job costs."""

from octavia_common.events import JobSpec
from octavia_common.pricing import PriceList, price_of


def quote_of(prices: PriceList, spec: JobSpec) -> int:
    """The price of what `spec` asks for, all its languages together."""
    return price_of(prices, spec.kind.value, spec.duration_seconds, len(spec.target_languages))
