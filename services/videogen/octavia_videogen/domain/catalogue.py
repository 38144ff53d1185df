"""The models that can be asked for, and how a wish is put into each one's own fields: data, not code.

The files in `octavia_videogen/models/` are of this form; VIDEO_MODELS_FILE names another.
"""

import tomllib
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any, Self

from octavia_common.artifacts import sha256_of
from octavia_common.artifacts.keys import canonical_json
from octavia_common.events import AspectRatio, VideoModel, VideoModelsPublished, VideoSpec, VideoTask
from pydantic import BaseModel, ConfigDict, Field, PositiveInt, ValidationError, model_validator

from octavia_videogen.domain.errors import ModelUnavailableError


class Entry(BaseModel):
    """A part of the file: what it does not know is a mistake of its writer."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Source(StrEnum):
    """Where a field's value comes from."""

    PROMPT = "prompt"
    AVOID = "avoid"
    PROMPT_AND_AVOID = "prompt_and_avoid"
    """Both in one text, for models that have no field of their own for what is not to be seen."""
    ASPECT_RATIO = "aspect_ratio"
    DURATION = "duration_seconds"
    IMAGE_ADDRESS = "image_address"


class Form(StrEnum):
    """What is made of the value."""

    TEXT = "text"
    NUMBER = "number"
    LIST = "list"
    """A list of the one text."""


class FieldRule(Entry):
    """One field of a model's input: from a `source`, with `choices` for its own words, or a `constant`."""

    name: str
    source: Source | None = None
    constant: str | int | float | bool | None = None
    choices: Mapping[str, str] = Field(default_factory=dict)
    form: Form = Form.TEXT
    left_out_when_empty: bool = False

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.source is None) == (self.constant is None):
            raise ValueError(f"the field {self.name} needs either a source or a constant")
        return self


class TaskForm(Entry):
    """How one task is asked for: the provider's name of the model, and its fields."""

    model: str
    fields: tuple[FieldRule, ...]

    def filled(self, spec: VideoSpec, image_address: str | None = None) -> dict[str, Any]:
        """The model's input. Raises KeyError where the model has no word for what is asked."""
        values: dict[Source, str] = {
            Source.PROMPT: spec.prompt,
            Source.AVOID: spec.avoid,
            Source.PROMPT_AND_AVOID: f"{spec.prompt}\nAvoid: {spec.avoid}" if spec.avoid else spec.prompt,
            Source.ASPECT_RATIO: spec.aspect_ratio.value,
            Source.DURATION: str(spec.duration_seconds),
            Source.IMAGE_ADDRESS: image_address or "",
        }
        filled: dict[str, Any] = {}
        for rule in self.fields:
            if rule.source is None:
                filled[rule.name] = rule.constant
                continue
            text = values[rule.source]
            if not text and rule.left_out_when_empty:
                continue
            text = rule.choices[text] if rule.choices else text
            match rule.form:
                case Form.TEXT:
                    filled[rule.name] = text
                case Form.NUMBER:
                    filled[rule.name] = int(text)
                case Form.LIST:
                    filled[rule.name] = [text]
        return filled


class Model(Entry):
    """One model. `deadline_seconds` is how long one video may take from its order on."""

    id: str
    title: str
    durations_seconds: tuple[PositiveInt, ...] = Field(min_length=1)
    aspect_ratios: tuple[AspectRatio, ...] = Field(min_length=1)
    deadline_seconds: PositiveInt = 1800
    text_to_video: TaskForm | None = None
    image_to_video: TaskForm | None = None

    @model_validator(mode="after")
    def _does_something(self) -> Self:
        if not self.tasks:
            raise ValueError(f"the model {self.id} has neither text_to_video nor image_to_video")
        return self

    @property
    def tasks(self) -> tuple[VideoTask, ...]:
        """What it makes videos of."""
        forms = {VideoTask.TEXT_TO_VIDEO: self.text_to_video, VideoTask.IMAGE_TO_VIDEO: self.image_to_video}
        return tuple(task for task, form in forms.items() if form is not None)

    def published(self) -> VideoModel:
        """What others are told of it."""
        return VideoModel(
            id=self.id,
            title=self.title,
            tasks=self.tasks,
            durations_seconds=self.durations_seconds,
            aspect_ratios=self.aspect_ratios,
        )


class Catalogue(Entry):
    """All models of one provider, the default first, and those that are known and gone."""

    models: tuple[Model, ...] = Field(min_length=1)
    retired: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _ids_differ(self) -> Self:
        ids = [*(model.id for model in self.models), *self.retired]
        if len(ids) != len(set(ids)):
            raise ValueError("two models have the same id")
        return self

    def form_of(self, spec: VideoSpec) -> tuple[Model, TaskForm]:
        """How to ask for `spec`. Raises ModelUnavailableError where its model does not do that (any more)."""
        for model in self.models:
            form = model.text_to_video if spec.image is None else model.image_to_video
            if (
                model.id == spec.model
                and form is not None
                and spec.duration_seconds in model.durations_seconds
                and spec.aspect_ratio in model.aspect_ratios
            ):
                return model, form
        raise self.unavailable(spec.model)

    def unavailable(self, model: str) -> ModelUnavailableError:
        """The error that names the other models."""
        return ModelUnavailableError(model, [each.id for each in self.models if each.id != model])

    def published(self, provider: str) -> VideoModelsPublished:
        """The event that tells of it; its version is the digest of the rest."""
        told = VideoModelsPublished(
            version="",
            provider=provider,
            models=tuple(model.published() for model in self.models),
            retired=self.retired,
        )
        version = sha256_of(canonical_json(told.model_dump(mode="json")))[:16]
        return told.model_copy(update={"version": version})


class CatalogueError(ValueError):
    """The file of models cannot be used; says where."""


def load_catalogue(path: Path) -> Catalogue:
    """The models of a TOML file. Raises CatalogueError."""
    try:
        return Catalogue.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise CatalogueError(f"{path} cannot be read: {error}") from None
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise CatalogueError(f"{path}: {place}: {first['msg']}") from None
