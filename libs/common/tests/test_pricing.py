"""Prices are data; these are the boundaries of a list."""

import pytest
from octavia_common.pricing import KindPrice, PriceList, PriceTier, price_of

PRICES = PriceList(
    version="v",
    kinds={
        "video_translate": KindPrice(
            tiers=(
                PriceTier(limit_seconds=300, credits=10),
                PriceTier(limit_seconds=3600, inclusive=True, credits=25),
                PriceTier(limit_seconds=None, credits=150),
            )
        ),
        "subtitles": KindPrice(tiers=(PriceTier(limit_seconds=None, credits=25),), percent=50),
    },
)


@pytest.mark.parametrize(
    ("seconds", "credits"), [(0, 10), (299.999, 10), (300, 25), (3600, 25), (3600.001, 150), (1e6, 150)]
)
def test_a_limit_belongs_to_the_next_tier_unless_inclusive(seconds: float, credits: int) -> None:
    assert price_of(PRICES, "video_translate", seconds, 1) == credits
    assert price_of(PRICES, "video_translate", seconds, 3) == 3 * credits


def test_a_share_is_rounded_up_for_each_language() -> None:
    assert price_of(PRICES, "subtitles", 1, 1) == 13
    assert price_of(PRICES, "subtitles", 1, 2) == 26


def test_an_unknown_kind_is_an_error() -> None:
    with pytest.raises(KeyError):
        price_of(PRICES, "songs", 1, 1)
