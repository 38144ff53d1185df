"""A platform that has its videos made by the provider simulator."""

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from octavia_local.api import Api
from octavia_local.platform import Platform
from octavia_local.processes import stop_all
from octavia_simulator.client import SimulatorControl
from octavia_simulator.orders import Orders
from octavia_simulator.provider import Settings
from octavia_simulator.server import running

PRICE = 100
WELCOME = 5_000
API_KEY, WEBHOOK_KEY = secrets.token_hex(16), secrets.token_hex(16)

# The simulator lets in twenty orders in this time, as Kie does in 10 s.
RATE_SECONDS = 2.0
HASTY_SECONDS = 5
"""The deadline of the model that is called so."""

MODELS = """
[[models]]
id = "kling-2.6"
title = "Kling 2.6"
durations_seconds = [5, 10]
aspect_ratios = ["landscape", "portrait", "square"]
deadline_seconds = 90
text_to_video = {{ model = "kling-2.6/text-to-video", fields = [{fields}] }}
image_to_video = {{ model = "kling-2.6/image-to-video", fields = [
  {fields},
  {{ name = "image_urls", source = "image_address", form = "list" }},
] }}

[[models]]
id = "hasty"
title = "Kling 2.6 in a hurry"
durations_seconds = [5]
aspect_ratios = ["landscape"]
deadline_seconds = {hasty}
text_to_video = {{ model = "kling-2.6/text-to-video", fields = [{fields}] }}
"""
FIELDS = (
    '{ name = "prompt", source = "prompt_and_avoid" }, { name = "duration", source = "duration_seconds" }, '
    '{ name = "aspect_ratio", source = "aspect_ratio", '
    'choices = { landscape = "16:9", portrait = "9:16", square = "1:1" } }'
)


@dataclass
class Film:
    """The platform, its provider, and how videogen is usually set and is set now."""

    platform: Platform
    control: SimulatorControl
    usual: Mapping[str, str]
    settings: Mapping[str, str] = field(default_factory=dict)

    def videogen(self, **settings: str) -> None:
        """Have videogen run with these settings on top of the usual ones, and the provider without orders."""
        self.control.order()
        wanted = {**self.usual, **settings}
        if wanted != self.settings:
            self.stop()
            self.settings = wanted
            self.platform.add("videogen", 0, wanted)
            self.platform.revive("videogen")

    def stop(self) -> None:
        """End videogen in good order."""
        stop_all([service.process for service in self.platform.services.pop("videogen", [])], grace=20.0)

    def order(self, orders: Orders) -> None:
        """What the provider does with every task from now on."""
        self.control.order(orders)

    def refusals(self) -> dict[str, int]:
        """How often the gateway answered call-backs how: by outcome."""
        found = {}
        for line in self.platform.metrics("gateway").splitlines():
            if line.startswith("octavia_video_callbacks_total{"):
                name, _, value = line.partition('outcome="')[2].partition('"} ')
                found[name] = int(float(value))
        return found

    async def user(self) -> Api:
        """A new user with plenty of credits; to be entered."""
        return await Api(self.platform.url).register()


def environment(url: str) -> Mapping[str, str]:
    """Settings of videogen and gateway for a simulator at `url`."""
    return {
        "WELCOME_CREDITS": str(WELCOME),
        "VIDEO_RATE": "100000/minute",
        "VIDEO_CALLBACK_SECRET": secrets.token_hex(32),
        "VIDEO_PROVIDER": "kie",
        "VIDEO_ORDERS_SECONDS": str(RATE_SECONDS),
        "VIDEO_FETCH_NETWORKS": "127.0.0.0/8",
        "VIDEO_FETCH_PORTS": "",
        "VIDEO_FETCH_MAX_BYTES": "10000000",
        "KIE_BASE_URL": url,
        "KIE_API_KEY": API_KEY,
        "KIE_WEBHOOK_KEY": WEBHOOK_KEY,
    }


@contextmanager
def filming(folder: Path, servers: Mapping[str, str]) -> Iterator[Film]:
    """Gateway, billing and videogen upon `servers`, with a simulator of their own."""
    models = folder / "models.toml"
    models.write_text(MODELS.format(fields=FIELDS, hasty=HASTY_SECONDS))
    provider = Settings("", API_KEY, WEBHOOK_KEY, seconds=1.0, rate_seconds=RATE_SECONDS)
    others = ("transcriber", "translator", "synthesizer", "assembler", "videogen")
    with running(provider) as url, SimulatorControl(url) as control:
        platform = Platform(folder, {**servers, **environment(url)}, workers=dict.fromkeys(others, 0))
        usual = {
            "VIDEO_CALLBACK_URL": platform.url,
            "VIDEO_POLL_SECONDS": "0.5",
            "VIDEO_MODELS_FILE": str(models),
        }
        with platform:
            film = Film(platform, control, usual)
            film.videogen()
            await_models(platform)
            yield film


def await_models(platform: Platform) -> None:
    """Wait until the gateway has heard what can be asked for, and at what price."""
    with httpx.Client(base_url=platform.url, timeout=30) as http:
        body = {"email": f"{secrets.token_hex(8)}@example.org", "password": secrets.token_hex(12)}
        token = http.post("/api/v1/auth/register", json=body).json()["access_token"]
        http.headers["Authorization"] = f"Bearer {token}"
        for _ in range(600):
            if http.get("/api/v1/videos/models").status_code == 200:
                return
    raise TimeoutError("the gateway never heard of any models")
