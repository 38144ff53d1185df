"""The price list, read from data, and whether a quote stands."""

import json
from collections.abc import Mapping, Sequence
from hashlib import sha256
from importlib.resources import files
from itertools import pairwise
from pathlib import Path

from octavia_common.errors import PermanentError
from octavia_common.events import JobError, JobKind, JobSpec, Quote, RequestedVideo
from octavia_common.pricing import KindPrice, PriceList, price_of
from pydantic import BaseModel, ConfigDict, Field, ValidationError

STAGE = "billing"


class PriceFileError(PermanentError):
    """The file of prices cannot be used; the service refuses to start."""

    code = "price_file_invalid"


class PriceFile(BaseModel):
    """The file as people write it. Raising `edition` makes a new list of unchanged prices."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    edition: int = Field(ge=1)
    kinds: dict[str, KindPrice] = Field(min_length=1)


def load_prices(path: Path | None = None) -> PriceList:
    """Read the list from `path` (by default the bundled one); its version is the content's digest.

    Raises PriceFileError with what is wrong and where.
    """
    where = str(path) if path else "the bundled prices.json"
    try:
        text = path.read_text() if path else files("octavia_billing").joinpath("prices.json").read_text()
        content = PriceFile.model_validate_json(text)
    except OSError as error:
        raise PriceFileError(f"Prices cannot be read from {where}: {error.strerror}.") from None
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "the top"
        raise PriceFileError(f"Prices in {where} are not valid at {place}: {first['msg']}.") from None
    for kind, price in content.kinds.items():
        _require_rising(kind, price, where)
    canonical = json.dumps(content.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))
    return PriceList(version=sha256(canonical.encode()).hexdigest()[:16], kinds=content.kinds)


def _require_rising(kind: str, price: KindPrice, where: str) -> None:
    limits = [tier.limit_seconds for tier in price.tiers]
    if limits[-1] is not None or None in limits[:-1]:
        raise PriceFileError(f"Prices of {kind} in {where}: the last tier, and no other, has no limit.")
    known = [limit for limit in limits if limit is not None]
    if any(later <= earlier for earlier, later in pairwise(known)):
        raise PriceFileError(f"Prices of {kind} in {where}: each tier's limit must be above the last.")


def check_quote(lists: Mapping[str, PriceList], spec: JobSpec, quote: Quote) -> JobError | None:
    """Why `quote`, with the previews that it counts, is not the price of `spec`, or None where it is."""
    counted = sum(preview.credits for preview in quote.previews)
    full = quote.model_copy(update={"credits": quote.credits + counted})
    return _check(lists, full, spec.kind, spec.worked_seconds, len(spec.target_languages))


def check_videos(
    lists: Mapping[str, PriceList], version: str, videos: Sequence[RequestedVideo]
) -> JobError | None:
    """Why one of the videos is not quoted at its price by the list of `version`, or None where all are."""
    for video in videos:
        quote = Quote(credits=video.credits, price_version=version)
        error = _check(lists, quote, JobKind.VIDEO_GENERATE, video.spec.duration_seconds, 1)
        if error is not None:
            return error
    return None


def _check(
    lists: Mapping[str, PriceList], quote: Quote, kind: JobKind, duration_seconds: float, languages: int
) -> JobError | None:
    prices = lists.get(quote.price_version)
    if prices is None:
        return invalid_quote("its price list is not known here")
    if kind not in prices.kinds:
        return invalid_quote("its price list has no price for this kind of job")
    price = price_of(prices, kind, duration_seconds, languages)
    if price != quote.credits:
        return invalid_quote(f"it says {quote.credits} credits and the price is {price}")
    return None


def invalid_quote(why: str) -> JobError:
    """The error of a quote that does not stand, and why."""
    return JobError(
        code="quote_invalid",
        message=f"The quote of this job does not stand: {why}. Create the job again for a new quote.",
        stage=STAGE,
    )
