"""The tiers at their exact boundaries, as people know them, and what a price file may not say."""

import json
from pathlib import Path
from uuid import UUID

import pytest
from octavia_billing.domain.prices import PriceFileError, check_quote, check_videos, load_prices
from octavia_common.events import ArtifactRef, JobKind, JobSpec, Quote
from octavia_common.pricing import price_of

from .videos import requested

PRICES = load_prices()

BOUNDARIES = [
    (0.0, 10, 5),
    (299.999, 10, 5),
    (300.0, 25, 13),
    (899.999, 25, 13),
    (900.0, 50, 25),
    (1799.999, 50, 25),
    (1800.0, 100, 50),
    (3600.0, 100, 50),
    (3600.001, 150, 75),
    (86_400.0, 150, 75),
]


@pytest.mark.parametrize(("seconds", "dubbed", "subtitled"), BOUNDARIES)
@pytest.mark.parametrize("languages", [1, 2, 3])
def test_tiers_at_their_boundaries(seconds: float, dubbed: int, subtitled: int, languages: int) -> None:
    assert price_of(PRICES, JobKind.VIDEO_TRANSLATE, seconds, languages) == dubbed * languages
    assert price_of(PRICES, JobKind.AUDIO_TRANSLATE, seconds, languages) == dubbed * languages
    # Half is rounded up for each language, not for their sum.
    assert price_of(PRICES, JobKind.SUBTITLES, seconds, languages) == subtitled * languages
    assert price_of(PRICES, JobKind.SUBTITLE_TRANSLATE, seconds, languages) == subtitled * languages


@pytest.mark.parametrize("seconds", [0.0, 5.0, 4000.0])
def test_a_generated_video_has_one_price(seconds: float) -> None:
    assert price_of(PRICES, JobKind.VIDEO_GENERATE, seconds, 0) == 100


def test_every_kind_of_job_has_a_price() -> None:
    assert set(PRICES.kinds) == set(JobKind)


def spec(seconds: float = 300.0, languages: tuple[str, ...] = ("es",)) -> JobSpec:
    source = ArtifactRef(key="k", sha256="0" * 64, size_bytes=1, media_type="video/mp4")
    return JobSpec(
        kind=JobKind.VIDEO_TRANSLATE,
        source=source,
        source_filename="talk.mp4",
        duration_seconds=seconds,
        source_language="en",
        target_languages=languages,
    )


def test_a_quote_that_stands() -> None:
    lists = {PRICES.version: PRICES}
    assert check_quote(lists, spec(), Quote(credits=25, price_version=PRICES.version)) is None
    two = spec(languages=("es", "fr"))
    assert check_quote(lists, two, Quote(credits=50, price_version=PRICES.version)) is None


@pytest.mark.parametrize(
    ("credits_quoted", "version", "says"),
    [
        (24, PRICES.version, "the price is 25"),
        (0, PRICES.version, "the price is 25"),
        (25, "other", "not known"),
    ],
)
def test_a_quote_that_does_not_stand(credits_quoted: int, version: str, says: str) -> None:
    error = check_quote(
        {PRICES.version: PRICES}, spec(), Quote(credits=credits_quoted, price_version=version)
    )
    assert error is not None
    assert error.code == "quote_invalid"
    assert says in error.message
    assert "Create the job again" in error.message


def test_a_kind_without_a_price_is_no_quote() -> None:
    lists = {"v": PRICES.model_copy(update={"version": "v", "kinds": {}})}
    error = check_quote(lists, spec(), Quote(credits=25, price_version="v"))
    assert error is not None
    assert "no price for this kind" in error.message


def test_each_video_of_a_batch_is_quoted_at_its_price() -> None:
    lists = {PRICES.version: PRICES}
    right, wrong = requested(UUID(int=1)), requested(UUID(int=1), credits_quoted=10)
    assert check_videos(lists, PRICES.version, [right, right]) is None
    error = check_videos(lists, PRICES.version, [right, wrong])
    assert error is not None
    assert "it says 10 credits and the price is 100" in error.message


def write(path: Path, tiers: list[dict[str, object]], edition: int = 1) -> Path:
    path.write_text(json.dumps({"edition": edition, "kinds": {"video_translate": {"tiers": tiers}}}))
    return path


def test_the_version_is_that_of_the_content(tmp_path: Path) -> None:
    tiers: list[dict[str, object]] = [{"limit_seconds": None, "credits": 7}]
    first = load_prices(write(tmp_path / "a.json", tiers))
    same = load_prices(write(tmp_path / "b.json", tiers))
    later = load_prices(write(tmp_path / "c.json", tiers, edition=2))
    assert first == same
    assert first.version != later.version
    assert first.kinds == later.kinds


@pytest.mark.parametrize(
    ("tiers", "says"),
    [
        ([{"limit_seconds": 60, "credits": 1}], "the last tier"),
        ([{"limit_seconds": None, "credits": 1}, {"limit_seconds": None, "credits": 1}], "the last tier"),
        (
            [
                {"limit_seconds": 60, "credits": 1},
                {"limit_seconds": 60, "credits": 2},
                {"limit_seconds": None, "credits": 3},
            ],
            "above the last",
        ),
        ([{"limit_seconds": None, "credits": -1}], "greater than or equal to 0"),
        ([{"limit_seconds": None, "credits": 1.5}], "integer"),
        ([], "video_translate.tiers"),
    ],
)
def test_a_price_file_that_makes_no_sense_is_refused(
    tmp_path: Path, tiers: list[dict[str, object]], says: str
) -> None:
    with pytest.raises(PriceFileError, match=says):
        load_prices(write(tmp_path / "prices.json", tiers))


def test_a_price_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(PriceFileError, match="No such file"):
        load_prices(tmp_path / "none.json")
