"""Settings of the gateway, beside those every service has."""

from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network, ip_network

from octavia_common.settings import ServiceSettings
from pydantic import Field, SecretStr, ValidationInfo, field_validator, model_validator
from pydantic_settings import SettingsConfigDict

from octavia_gateway.rate_limits.rates import Rate
from octavia_gateway.retention.policy import Policy

Network = IPv4Network | IPv6Network
GIB = 1024**3
MIB = 1024**2


class GatewaySettings(ServiceSettings):
    """Read from the environment, one variable a field, upper-cased."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True)

    gateway_host: str = Field("127.0.0.1", description="Address that the HTTP API listens on.")
    gateway_port: int = Field(8080, description="Port of the HTTP API.")
    public_url: str = Field(
        "",
        description="Address that people reach the gateway at, for links to shared videos; empty: what it "
        "listens on.",
    )
    cors_origins: str = Field(
        "", description="Origins whose pages may call the API, comma-separated; empty allows none."
    )
    trusted_proxies: str = Field(
        "", description="Addresses of proxies whose X-Forwarded-For is believed, comma-separated."
    )

    jwt_secret: SecretStr = Field(
        SecretStr(""),
        description="Key that signs access tokens, at least 32 characters, the same on every replica.",
    )
    access_token_seconds: int = Field(900, description="Life of an access token.")
    refresh_token_days: int = Field(30, description="Life of a refresh token that is not used.")
    admin_emails: str = Field(
        "",
        description="Accounts that are administrators, comma-separated. Addresses are not verified: "
        "register them before the gateway is open to others.",
    )
    argon2_memory_kib: int = Field(19456, description="Memory of one password hash (OWASP's minimum).")
    argon2_time_cost: int = Field(2, description="Passes of one password hash.")

    argon2_threads: int = Field(
        0,
        ge=0,
        description="Passwords hashed at a time by one process; 0: all cores but one.",
    )

    rate_limit_requests: str = Field(
        "3000/minute", description="Requests of one user or address, over all replicas."
    )
    rate_limit_logins: str = Field(
        "30/minute",
        description="Log-ins and registrations of one address, and of one account, over all replicas.",
    )
    idempotency_hours: float = Field(24.0, description="How long an Idempotency-Key is remembered.")

    language_pairs: str = Field(
        "",
        description="Only these language pairs, `source:target`, comma-separated; empty: all that the "
        "engines can do.",
    )
    max_target_languages: int = Field(10, description="Most target languages of one job.")
    job_deadline_seconds: float = Field(
        6 * 3600.0, description="After this long a job that has not ended fails and is refunded."
    )
    review_deadline_hours: float = Field(
        72.0,
        gt=0,
        description="After this long a job that stops for review, and has not ended, fails and is refunded.",
    )
    stall_seconds: float = Field(
        900.0, description="A job that nothing was heard of for this long fails and is refunded."
    )
    sweep_seconds: float = Field(5.0, gt=0, description="How often deadlines and stalls are looked for.")

    video_deadline_seconds: float = Field(
        2 * 3600.0, gt=0, description="After this long a video that has not ended fails and is refunded."
    )
    video_callback_secret: SecretStr = Field(
        SecretStr(""),
        description="Makes the addresses that providers of videos call back, at least 32 characters, the "
        "same on every replica and in videogen; empty: no call-backs.",
    )
    kie_webhook_key: SecretStr = Field(
        SecretStr(""), description="Kie's webhook key: with it every call-back must be signed."
    )
    video_rate: str = Field("120/hour", description="Videos that one user may ask for, over all replicas.")
    video_styles_file: str = Field(
        "", description="Styles of videos (TOML, as octavia_gateway/videos/styles.toml); empty: those."
    )
    video_url_minutes: float = Field(
        60.0, ge=1, le=7 * 24 * 60, description="Life of a signed address of a clip."
    )

    moderation_rules_file: str = Field(
        "",
        description="What prompts may not ask for (TOML, as octavia_gateway/videos/moderation/rules.toml); "
        "empty: those.",
    )
    moderation_url: str = Field(
        "",
        description="A moderator that is asked too: the whole address of an OpenAI-compatible endpoint that "
        "ends with /moderations or /chat/completions; empty: none.",
    )
    moderation_model: str = Field("", description="Its model; a chat endpoint needs one.")
    moderation_api_key: SecretStr = Field(SecretStr(""), description="Its key.")

    sse_keepalive_seconds: float = Field(15.0, description="Silence after which a comment is sent.")
    sse_max_connections: int = Field(20_000, description="Most open event streams of one process.")
    sse_max_streams_per_user: int = Field(50, description="Most open event streams of one user.")
    sse_queue_events: int = Field(64, description="Unsent events after which a slow reader is dropped.")
    sse_send_timeout_seconds: float = Field(10.0, description="A blocked send longer than this ends it.")
    sse_recheck_seconds: float = Field(
        5.0, gt=0, description="How soon the streams of a session logged out of, or of a deleted key, end."
    )
    job_event_days: int = Field(7, description="How long a stream can be resumed from its Last-Event-ID.")

    max_upload_bytes: int = Field(10 * GIB, description="Largest upload, in bytes.")
    upload_part_bytes: int = Field(8 * MIB, description="Size of one part of a multipart upload.")
    upload_expiry_hours: float = Field(24.0, description="An unfinished tus upload expires after this.")
    uploads_at_once: int = Field(
        32, description="Most uploads one process receives at a time; each holds a part in memory."
    )
    upload_address_minutes: float = Field(
        60.0, ge=1, le=7 * 24 * 60, description="Life of a signed address to put a part to."
    )
    max_open_uploads_per_user: int = Field(100, description="Most unfinished uploads of one user.")
    upload_idle_seconds: float = Field(60.0, description="An upload that is silent for this long is dropped.")
    upload_sweep_seconds: float = Field(60.0, description="How often expired uploads are looked for.")
    retention_result_days: float = Field(
        30.0,
        ge=0,
        description="Jobs, with all that was made for them, are deleted this long after their end; 0: never.",
    )
    retention_videos_days: float = Field(
        30.0, ge=0, description="Generated videos are deleted this long after their end; 0: never."
    )
    retention_deleted_videos_days: float = Field(
        7.0, gt=0, description="How long a deleted video can be restored; then its files are removed."
    )
    retention_upload_days: float = Field(
        30.0,
        ge=0,
        description="Uploaded files are deleted this long after they were brought, or last used by a job; "
        "0: never.",
    )
    retention_unlisted_minutes: float = Field(
        60.0,
        gt=0,
        description="What a stage left behind unfinished is removed this long after the last job of its "
        "user ended.",
    )
    probe_most_bytes: int = Field(
        64 * MIB, description="Most of a file's index that is held in memory to probe it, in bytes."
    )
    probes_at_once: int = Field(2, description="Most uploads that one process probes at a time.")
    remote_uploads: bool = Field(True, description="Whether videos can be given by URL.")
    remote_upload_ports: str = Field(
        "80,443", description="Ports that files given by URL are fetched from, comma-separated."
    )
    remote_upload_networks: str = Field(
        "",
        description="Networks that are not public and that files given by URL are fetched from all the same, "
        "comma-separated, such as 10.1.2.0/24. Every user can reach what answers HTTP there.",
    )
    remote_uploads_at_once: int = Field(4, gt=0, description="Most URLs one process fetches at a time.")
    remote_uploads_per_user: int = Field(
        20, description="Most URLs of one user that wait or are fetched; two of them at a time."
    )
    remote_upload_seconds: float = Field(7200.0, description="Longest that one URL is fetched for.")
    remote_upload_bytes_per_second: float = Field(
        16384.0, description="A server that sends more slowly than this is given up."
    )
    webhook_ports: str = Field("443,8443", description="Ports that web hooks may name, comma-separated.")
    webhook_networks: str = Field(
        "", description="Networks that are not public and that web hooks may lead to, comma-separated."
    )
    webhook_insecure: bool = Field(False, description="Whether web hooks may begin with http://.")
    max_user_storage_bytes: int = Field(
        0, description="Most bytes of uploads one user may keep; 0: no limit."
    )

    @field_validator("jwt_secret", "video_callback_secret")
    @classmethod
    def _long_enough(cls, value: SecretStr, info: ValidationInfo) -> SecretStr:
        if value.get_secret_value() and len(value.get_secret_value()) < 32:
            raise ValueError(f"{str(info.field_name).upper()} must have at least 32 characters")
        return value

    @model_validator(mode="after")
    def _lists_readable(self) -> "GatewaySettings":
        self.supported_pairs()
        self.remote_ports()
        self.remote_networks()
        self.webhook_allowed_ports()
        self.webhook_own_networks()
        return self

    @model_validator(mode="after")
    def _rates_readable(self) -> "GatewaySettings":
        _ = self.request_rate, self.login_rate, self.videos_rate
        return self

    @property
    def request_rate(self) -> Rate:
        """The limit of all requests. Raises ValueError for an unreadable setting."""
        return Rate.parse("default", self.rate_limit_requests)

    @property
    def login_rate(self) -> Rate:
        """The limit of log-ins and registrations. Raises ValueError for an unreadable setting."""
        return Rate.parse("logins", self.rate_limit_logins)

    @property
    def videos_rate(self) -> Rate:
        """The limit of videos asked for. Raises ValueError for an unreadable setting."""
        return Rate.parse("videos", self.video_rate)

    def supported_pairs(self) -> dict[str, tuple[str, ...]]:
        """Target languages by source language. Raises ValueError for an unreadable setting."""
        pairs: dict[str, list[str]] = {}
        for item in _listed(self.language_pairs):
            source, colon, target = item.partition(":")
            if not (colon and source and target):
                raise ValueError(f"LANGUAGE_PAIRS: {item!r} is not of the form source:target")
            pairs.setdefault(source, []).append(target)
        return {source: tuple(targets) for source, targets in pairs.items()}

    def retention(self) -> Policy:
        """How long things are kept."""
        return Policy(
            results=_days(self.retention_result_days),
            uploads=_days(self.retention_upload_days),
            unlisted=timedelta(minutes=self.retention_unlisted_minutes),
            videos=_days(self.retention_videos_days),
            undo=timedelta(days=self.retention_deleted_videos_days),
        )

    def public_base(self) -> str:
        """The address that links begin with, without a slash at its end. Never what a caller calls us."""
        host = "127.0.0.1" if self.gateway_host in ("0.0.0.0", "::") else self.gateway_host
        return self.public_url.rstrip("/") or f"http://{host}:{self.gateway_port}"

    def remote_ports(self) -> frozenset[int]:
        """Ports that URLs may name. Raises ValueError for an unreadable setting."""
        return frozenset(int(item) for item in _listed(self.remote_upload_ports))

    def remote_networks(self) -> tuple[Network, ...]:
        """Networks that are reached though they are not public. Raises ValueError."""
        return tuple(ip_network(item) for item in _listed(self.remote_upload_networks))

    def webhook_allowed_ports(self) -> frozenset[int]:
        """Ports that web hooks may name. Raises ValueError for an unreadable setting."""
        return frozenset(int(item) for item in _listed(self.webhook_ports))

    def webhook_own_networks(self) -> tuple[Network, ...]:
        """Networks that web hooks reach though they are not public. Raises ValueError."""
        return tuple(ip_network(item) for item in _listed(self.webhook_networks))

    def administrators(self) -> frozenset[str]:
        """Addresses of the administrators, in lower case."""
        return frozenset(item.lower() for item in _listed(self.admin_emails))

    def allowed_origins(self) -> list[str]:
        """Origins that CORS lets in."""
        return _listed(self.cors_origins)


def _listed(text: str) -> list[str]:
    return [item.strip() for item in text.split(",") if item.strip()]


def _days(days: float) -> timedelta | None:
    return timedelta(days=days) if days else None
