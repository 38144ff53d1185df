"""From what a user asks for to what a provider is told: held against what is on offer. Nothing is written."""

from dataclasses import dataclass
from uuid import UUID

from octavia_common.events import JobKind, VideoModelsPublished, VideoSpec
from octavia_common.pricing import PriceList, price_of

from octavia_gateway.credits.repository import CreditsRepository
from octavia_gateway.database import Connection
from octavia_gateway.files.models import FileRecord
from octavia_gateway.files.repository import FilesRepository
from octavia_gateway.jobs.errors import PricesUnknownError
from octavia_gateway.videos.catalogue import check_wish, choose_model
from octavia_gateway.videos.catalogue_repository import CatalogueRepository
from octavia_gateway.videos.errors import ModelsUnknownError
from octavia_gateway.videos.models import Video
from octavia_gateway.videos.pictures import check_picture
from octavia_gateway.videos.schemas import CreateVideos
from octavia_gateway.videos.styles import Styles, worded


@dataclass(frozen=True)
class Offer:
    """What can be asked for now, and at what price."""

    catalogue: VideoModelsPublished
    prices: PriceList

    def price(self, duration_seconds: int) -> int:
        """Credits for one video."""
        return price_of(self.prices, JobKind.VIDEO_GENERATE.value, duration_seconds, 1)


class Wishes:
    """Reads the offer and checks wishes, in the caller's transaction."""

    def __init__(self, styles: Styles) -> None:
        self._styles = styles
        self._catalogue = CatalogueRepository()
        self._credits = CreditsRepository()
        self._files = FilesRepository()

    async def offer(self, connection: Connection) -> Offer:
        """What can be asked for. Raises ModelsUnknownError, PricesUnknownError (503)."""
        catalogue = await self._catalogue.get(connection)
        if catalogue is None:
            raise ModelsUnknownError
        prices = await self._credits.prices(connection)
        if prices is None or JobKind.VIDEO_GENERATE.value not in prices.kinds:
            raise PricesUnknownError
        return Offer(catalogue, prices)

    async def specs(
        self, connection: Connection, user_id: UUID, asked: CreateVideos
    ) -> tuple[Offer, list[VideoSpec]]:
        """What each video is to be. A picture is kept until the transaction ends.

        Raises 404 for a foreign or unknown picture, 422 for what cannot be made, and as `offer`.
        """
        offer = await self.offer(connection)
        model = choose_model(offer.catalogue, asked.model, asked.task)
        check_wish(model, asked.aspect_ratio, asked.duration_seconds)
        style = self._styles.find(asked.style) if asked.style is not None else None
        picture = await self._picture(connection, user_id, asked.image_file_id)
        specs = []
        for prompt in asked.wanted():
            words, avoid = worded(prompt, style)
            specs.append(
                VideoSpec(
                    prompt=words,
                    avoid=avoid,
                    aspect_ratio=asked.aspect_ratio,
                    duration_seconds=asked.duration_seconds,
                    model=model.id,
                    image=picture.artifact if picture else None,
                )
            )
        return offer, specs

    async def still_possible(self, connection: Connection, video: Video) -> Offer:
        """What is on offer, where a video could be asked for again as it was. Raises as `specs`."""
        offer = await self.offer(connection)
        model = choose_model(offer.catalogue, video.spec.model, video.task)
        check_wish(model, video.spec.aspect_ratio, video.spec.duration_seconds)
        await self._picture(connection, video.user_id, video.file_id)
        return offer

    async def _picture(
        self, connection: Connection, user_id: UUID, file_id: UUID | None
    ) -> FileRecord | None:
        if file_id is None:
            return None
        file = await self._files.get(connection, user_id, file_id, keep=True)
        check_picture(file)
        return file
