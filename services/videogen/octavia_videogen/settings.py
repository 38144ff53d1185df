"""Settings of videogen."""

from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Literal, Self

from octavia_common.settings import OptionalPath, ServiceSettings
from pydantic import Field, SecretStr, field_validator, model_validator


class VideogenSettings(ServiceSettings):
    """What videogen can be told, beside what every service can."""

    video_provider: Literal["local", "kie", "openai-videos"] = Field(
        "local",
        description="Who makes videos: `local` draws placeholders on this machine without any network, "
        "`kie` is"
        "Kie AI, `openai-videos` any server of the OpenAI `/v1/videos` shape (vLLM-Omni, SGLang).",
    )
    video_models_file: OptionalPath = Field(
        None,
        description="TOML file of the models and how each is asked; by default the one that comes with the "
        "provider.",
    )
    video_keep: Literal["store", "provider"] = Field(
        "store",
        description="Where clips are kept: in the own object store, or (kie only) where the provider keeps "
        "them, and"
        "then they are shown as expired once it removes them.",
    )
    video_callback_url: str = Field(
        "",
        description="The gateway as the provider reaches it from the internet, for its call-backs; empty "
        "for none,"
        "and then its records are only polled, and an order whose answer was lost is given up at once.",
    )
    video_callback_secret: SecretStr = Field(
        SecretStr(""),
        description="Makes the addresses that providers call back, at least 32 characters, the same for the "
        "gateway; empty: no call-backs.",
    )
    kie_api_key: SecretStr = Field(SecretStr(""), description="The key of the account at Kie AI.")
    kie_base_url: str = Field("https://api.kie.ai", description="Kie AI, or a simulator of it.")
    openai_videos_base_url: str = Field(
        "http://127.0.0.1:8091", description="The server of the `/v1/videos` shape, without `/v1`."
    )
    openai_videos_api_key: SecretStr = Field(
        SecretStr(""), description="Its key, where it wants one; sent as a bearer token."
    )
    video_orders_most: int = Field(
        20,
        gt=0,
        description="At Kie AI: so many orders are sent in any VIDEO_ORDERS_SECONDS, by all replicas "
        "together.",
    )
    video_orders_seconds: float = Field(10.0, gt=0, description="See VIDEO_ORDERS_MOST.")
    video_looks_per_second: float = Field(
        200.0,
        ge=0,
        description="Most reads of the provider's records a second by one process; 0 for any number.",
    )
    video_poll_seconds: float = Field(
        5.0,
        gt=0,
        description="How often the provider's record of a young video is read; older ones are read less "
        "often.",
    )
    video_poll_slower_after_seconds: float = Field(
        60.0, gt=0, description="From this age of a video on, the time between two reads grows with the age."
    )
    video_poll_longest_seconds: float = Field(60.0, gt=0, description="Longest time between two reads.")
    video_patience_seconds: float = Field(
        900.0,
        ge=0,
        description="How long a provider may refuse to take an order (maintenance) before it is given up.",
    )
    video_late_seconds: float = Field(
        86_400.0,
        ge=0,
        description="How long after the release of its hold a video is still waited for, to be kept for "
        "audit.",
    )
    video_kept_check_seconds: float = Field(
        21_600.0,
        gt=0,
        description="With VIDEO_KEEP=provider: how often it is looked whether a clip is still there.",
    )
    video_fetches_at_once: int = Field(2, gt=0, description="Results that one process brings home at a time.")
    video_fetch_seconds: float = Field(600.0, gt=0, description="Longest that one result is fetched for.")
    video_fetch_max_bytes: int = Field(1024**3, gt=0, description="Largest result that is taken.")
    video_fetch_ports: str = Field("80,443", description="Ports that results are fetched from, `80,443,…`.")
    video_fetch_networks: str = Field(
        "",
        description="Networks beside the public internet that results may lie in, `10.0.0.0/8,…`; empty "
        "for none."
        "A simulator on this machine needs `127.0.0.0/8`.",
    )
    video_local_renders: int = Field(
        1, gt=0, description="Clips that one process draws at a time (provider `local`)."
    )

    @field_validator("video_callback_secret")
    @classmethod
    def _long_enough(cls, value: SecretStr) -> SecretStr:
        if value.get_secret_value() and len(value.get_secret_value()) < 32:
            raise ValueError("VIDEO_CALLBACK_SECRET must have at least 32 characters")
        return value

    @model_validator(mode="after")
    def _lists_readable(self) -> Self:
        self.fetch_ports()
        self.fetch_networks()
        return self

    def fetch_ports(self) -> frozenset[int]:
        """Ports that results are fetched from; none named are all."""
        return frozenset(int(item) for item in _listed(self.video_fetch_ports)) or frozenset(range(1, 65_536))

    def fetch_networks(self) -> tuple[IPv4Network | IPv6Network, ...]:
        """Networks beside the public internet that results may lie in."""
        return tuple(ip_network(item) for item in _listed(self.video_fetch_networks))


def _listed(text: str) -> list[str]:
    return [item.strip() for item in text.split(",") if item.strip()]
