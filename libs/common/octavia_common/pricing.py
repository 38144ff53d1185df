"""What a job costs: a pure function over a price list that is data.

Billing publishes the list, the gateway quotes from it, and both compute with this function, so a
quote and a hold can never differ for one version of the list.
"""

from pydantic import BaseModel, ConfigDict, Field


class PriceTier(BaseModel):
    """The price up to a length; a limit of None is the open last tier.

    The limit itself belongs to the next tier, unless `inclusive`.
    """

    model_config = ConfigDict(frozen=True)

    limit_seconds: float | None
    inclusive: bool = False
    credits: int = Field(ge=0)

    def covers(self, duration_seconds: float) -> bool:
        """Whether media of this length is priced by this tier (tiers are asked in order)."""
        if self.limit_seconds is None:
            return True
        if self.inclusive:
            return duration_seconds <= self.limit_seconds
        return duration_seconds < self.limit_seconds


class KindPrice(BaseModel):
    """The tiers of one kind of job, by the source's length, per target language."""

    model_config = ConfigDict(frozen=True)

    tiers: tuple[PriceTier, ...] = Field(min_length=1)
    percent: int = Field(default=100, ge=0, description="Share of the tier's price, rounded up.")


class PriceList(BaseModel):
    """All prices; `version` is the digest of their content."""

    model_config = ConfigDict(frozen=True)

    version: str
    kinds: dict[str, KindPrice]


def price_of(prices: PriceList, kind: str, duration_seconds: float, languages: int) -> int:
    """Credits for a job of `kind` over `duration_seconds` of source into `languages` languages.

    Raises KeyError where the list has no such kind.
    """
    price = prices.kinds[kind]
    for tier in price.tiers:
        if tier.covers(duration_seconds):
            each = -(-tier.credits * price.percent // 100)
            return each * max(1, languages)
    raise ValueError(f"the price list has no tier for {duration_seconds} s of {kind}")
