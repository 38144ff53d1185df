"""What can be asked for, on the wire."""

from datetime import datetime
from typing import Self

from octavia_common.events import AspectRatio, VideoTask
from pydantic import BaseModel, Field

from octavia_gateway.messages import Language
from octavia_gateway.videos.styles import Styles
from octavia_gateway.videos.wishes import Offer


class PriceResponse(BaseModel):
    """What one video of a length costs."""

    duration_seconds: int
    credits: int


class ModelResponse(BaseModel):
    """What one model can be asked for."""

    id: str
    title: str
    tasks: list[VideoTask]
    durations_seconds: list[int]
    aspect_ratios: list[AspectRatio]
    prices: list[PriceResponse]


class ModelsResponse(BaseModel):
    """All models of the provider; the first is the default."""

    provider: str
    models: list[ModelResponse]
    retired: list[str] = Field(description="Models that work no more.")

    @classmethod
    def of(cls, offer: Offer) -> Self:
        """The document of what is on offer."""
        return cls(
            provider=offer.catalogue.provider,
            retired=list(offer.catalogue.retired),
            models=[
                ModelResponse(
                    id=model.id,
                    title=model.title,
                    tasks=list(model.tasks),
                    durations_seconds=list(model.durations_seconds),
                    aspect_ratios=list(model.aspect_ratios),
                    prices=[
                        PriceResponse(duration_seconds=seconds, credits=offer.price(seconds))
                        for seconds in model.durations_seconds
                    ],
                )
                for model in offer.catalogue.models
            ],
        )


class StyleResponse(BaseModel):
    """One preset."""

    id: str
    name: str
    text: str = Field(description="What is added to the prompt.")
    avoid: str = Field(description="What is not to be seen.")


class StylesResponse(BaseModel):
    """All presets."""

    styles: list[StyleResponse]

    @classmethod
    def of(cls, styles: Styles, language: Language) -> Self:
        """The document of the presets, named in `language`."""
        return cls(
            styles=[
                StyleResponse(
                    id=style.id,
                    name=style.name.vi if language == "vi" else style.name.en,
                    text=style.text,
                    avoid=style.avoid,
                )
                for style in styles.all
            ]
        )


class StatsResponse(BaseModel):
    """A user's videos in numbers, of those that are kept, deleted ones among them."""

    total: int
    by_status: dict[str, int]
    deleted: int
    success_rate: float | None = Field(description="Of those that succeeded or failed; null where none did.")
    median_seconds: float | None = Field(description="From asking to having, of those that succeeded.")
    credits_spent: int
    credits_held: int
    views: int
    downloads: int
    first_at: datetime | None
