"""Models and their fields as data."""

from importlib.resources import files
from pathlib import Path

import pytest
from octavia_common.events import ArtifactRef, AspectRatio, VideoSpec
from octavia_videogen.domain.catalogue import Catalogue, CatalogueError, load_catalogue
from octavia_videogen.domain.errors import ModelUnavailableError

PACKAGED = Path(str(files("octavia_videogen").joinpath("models")))
PICTURE = ArtifactRef(key="users/u/x", sha256="0" * 64, size_bytes=1, media_type="image/jpeg")


def spec(model: str, **more: object) -> VideoSpec:
    values: dict[str, object] = {
        "prompt": "A fox",
        "aspect_ratio": "portrait",
        "duration_seconds": 10,
        **more,
    }
    return VideoSpec.model_validate({"model": model, **values})


def kie() -> Catalogue:
    return load_catalogue(PACKAGED / "kie.toml")


@pytest.mark.parametrize("name", ["kie", "openai-videos", "local"])
def test_every_packaged_model_has_a_word_for_all_it_offers(name: str) -> None:
    catalogue = load_catalogue(PACKAGED / f"{name}.toml")
    for model in catalogue.models:
        for ratio in model.aspect_ratios:
            for seconds in model.durations_seconds:
                for form in filter(None, (model.text_to_video, model.image_to_video)):
                    wish = spec(model.id, aspect_ratio=ratio, duration_seconds=seconds)
                    filled = form.filled(wish, "https://example.org/x.jpg")
                    assert "A fox" in filled["prompt"]


def test_kling_and_seedance_are_asked_in_their_own_words() -> None:
    _, kling = kie().form_of(spec("kling-2.6"))
    assert kling.model == "kling-2.6/text-to-video"
    filled = kling.filled(spec("kling-2.6", avoid="rain"))
    assert filled == {
        "prompt": "A fox\nAvoid: rain", "aspect_ratio": "9:16", "duration": "10", "sound": False
    }  # fmt: skip
    _, picture = kie().form_of(spec("kling-2.6", image=PICTURE))
    assert picture.model == "kling-2.6/image-to-video"
    assert picture.filled(spec("kling-2.6"), "https://x")["image_urls"] == ["https://x"]
    _, seedance = kie().form_of(spec("seedance-2"))
    assert seedance.filled(spec("seedance-2"))["duration"] == 10


def test_what_is_not_offered_names_what_is() -> None:
    for wish in (spec("sora-2"), spec("seedance-2", image=PICTURE), spec("seedance-2", duration_seconds=7)):
        with pytest.raises(ModelUnavailableError, match=r"kling-2\.6"):
            kie().form_of(wish)


def test_what_is_published_has_the_digest_of_its_content() -> None:
    told = kie().published("kie")
    assert told.models[0].id == "kling-2.6"
    assert told.retired == ("sora-2",)
    assert told.version == kie().published("kie").version != kie().published("other").version
    assert AspectRatio.SQUARE in told.models[0].aspect_ratios


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("x", "cannot be read"),
        ("", "models"),
        ("models = []", "models"),
        ('[[models]]\nid="a"\ntitle="A"\ndurations_seconds=[5]\naspect_ratios=["square"]', "neither"),
        ('[[models]]\nid="a"\ntitle="A"\ndurations_seconds=[5]\naspect_ratios=["round"]', "aspect_ratios"),
        ('[[models]]\nid="a"\nspeed=1', "models"),
    ],
)
def test_a_file_with_a_mistake_says_where(tmp_path: Path, text: str, complaint: str) -> None:
    path = tmp_path / "models.toml"
    path.write_text(text)
    with pytest.raises(CatalogueError, match=complaint):
        load_catalogue(path)
    with pytest.raises(CatalogueError, match="cannot be read"):
        load_catalogue(tmp_path / "missing.toml")
