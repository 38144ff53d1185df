"""Makes the provider that the settings name. No provider is ever taken in another's place."""

import contextlib
from importlib.resources import files
from ipaddress import ip_network
from pathlib import Path
from urllib.parse import urlsplit

from octavia_common.artifacts import ArtifactStore
from octavia_common.database import Database
from octavia_common.errors import EngineUnavailableError
from octavia_common.remote.addresses import AddressPolicy
from octavia_common.remote.resolving import Guard, SystemResolver
from octavia_common.remote.source import Pace, RemoteSource

from octavia_videogen.domain.catalogue import Catalogue, CatalogueError, load_catalogue
from octavia_videogen.domain.rate import RateLimit
from octavia_videogen.providers.base import Provider
from octavia_videogen.providers.http import Exchange
from octavia_videogen.providers.kie.adapter import KieProvider, require_key
from octavia_videogen.providers.local.adapter import LocalProvider
from octavia_videogen.providers.local.workers import RenderWorkers
from octavia_videogen.providers.openai_videos.adapter import OpenAIVideosProvider
from octavia_videogen.providers.remote_results import RemoteResults
from octavia_videogen.settings import VideogenSettings


def catalogue_of(settings: VideogenSettings) -> Catalogue:
    """The models that can be asked for. Raises EngineUnavailableError where the file cannot be used."""
    packaged = Path(str(files("octavia_videogen").joinpath(f"models/{settings.video_provider}.toml")))
    try:
        return load_catalogue(settings.video_models_file or packaged)
    except CatalogueError as error:
        raise EngineUnavailableError(str(error)) from None


def make_provider(
    settings: VideogenSettings,
    catalogue: Catalogue,
    database: Database,
    store: ArtifactStore,
    renderers: RenderWorkers,
    *,
    called_back: bool,
) -> Provider:
    """The provider that the settings name; `called_back` where it has an address to call back.

    Raises EngineUnavailableError where a setting is missing.
    """
    match settings.video_provider:
        case "local":
            return LocalProvider(database, store, renderers)
        case "kie":
            key = require_key(settings.kie_api_key.get_secret_value(), "KIE_API_KEY")
            return KieProvider(
                Exchange(settings.kie_base_url, {"Authorization": f"Bearer {key}"}),
                catalogue,
                remote_results(settings),
                order_limit=RateLimit(settings.video_orders_most, settings.video_orders_seconds),
                called_back=called_back,
            )
        case "openai-videos":
            token = settings.openai_videos_api_key.get_secret_value()
            return OpenAIVideosProvider(
                Exchange(
                    settings.openai_videos_base_url, {"Authorization": f"Bearer {token}"} if token else {}
                ),
                most_bytes=settings.video_fetch_max_bytes,
                order_limit=None,
            )


def remote_results(settings: VideogenSettings) -> RemoteResults:
    """Fetches results from the public internet, and from where the operator permits.

    A provider that the operator names by an address, such as a simulator on this machine, may give its
    results from that address too.
    """
    networks, ports = settings.fetch_networks(), settings.fetch_ports()
    base = urlsplit(settings.kie_base_url)
    with contextlib.suppress(ValueError):
        networks = (*networks, ip_network(base.hostname or ""))
        ports |= {base.port or (443 if base.scheme == "https" else 80)}
    resolver = SystemResolver()
    guard = Guard(resolver, AddressPolicy(networks))
    return RemoteResults(
        RemoteSource(guard, ports=ports, pace=Pace()),
        resolver,
        most_bytes=settings.video_fetch_max_bytes,
        seconds=settings.video_fetch_seconds,
    )
