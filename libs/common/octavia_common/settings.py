"""Settings that every service has; a service extends `ServiceSettings` with its own."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

OptionalPath = Annotated[Path | None, BeforeValidator(lambda given: given or None)]
"""A path, or none where the variable is empty: pathlib would take that for the directory it is in."""


class ServiceSettings(BaseSettings):
    """Read from the environment, one variable a field, upper-cased. Every field says what it does."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True)

    kafka_bootstrap_servers: str = Field("127.0.0.1:9092", description="Kafka's addresses, `host:port,…`.")
    kafka_prefix: str = Field(
        "", description="Put before every topic and group name, so that platforms can share a broker."
    )
    kafka_session_timeout_seconds: float = Field(
        10.0, description="How long Kafka waits for a silent consumer before others take its work."
    )
    kafka_most_partitions: int = Field(
        0,
        description="Most partitions of a topic that `octavia topics apply` makes; 0 as the manifest says. A "
        "single machine needs only a few, and starts sooner with them.",
    )
    kafka_replication_factor: int = Field(1, description="Copies of each topic; 3 on a real cluster.")

    database_url: SecretStr = Field(
        SecretStr("postgresql://octavia@127.0.0.1:5432/octavia"),
        description="PostgreSQL; each service keeps its tables in a schema of its own name.",
    )
    database_pool_size: int = Field(10, description="Most connections of one process to PostgreSQL.")

    s3_endpoint: str = Field("http://127.0.0.1:9000", description="The S3 server, with scheme.")
    s3_public_endpoint: str = Field(
        "",
        description="The S3 server as clients reach it, for addresses signed for them; empty: the same "
        "as `S3_ENDPOINT`.",
    )
    s3_access_key: SecretStr = Field(SecretStr("octavia"), description="Access key of the S3 server.")
    s3_secret_key: SecretStr = Field(SecretStr("octavia-secret"), description="Secret key of the S3 server.")
    s3_bucket: str = Field("octavia", description="Bucket of all objects; created where missing.")
    s3_region: str = Field("us-east-1", description="Region that requests are signed for.")

    health_host: str = Field("127.0.0.1", description="Address that health and metrics listen on.")
    health_port: int = Field(0, description="Their port; 0 takes a free one.")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="Least log level.")
    log_format: Literal["json", "console"] = Field("json", description="Log lines for machines or people.")
    otlp_endpoint: str = Field("", description="OpenTelemetry collector (OTLP over HTTP); empty for none.")

    scratch_dir: OptionalPath = Field(None, description="Where temporary media lie; the system's by default.")
    shutdown_grace_seconds: float = Field(20.0, description="Time to finish work in hand after SIGTERM.")

    retry_attempts: int = Field(5, description="Most tries of one piece of work.")
    retry_first_delay_seconds: float = Field(
        1.0, description="Wait before the second try; doubles each time."
    )
    retry_max_delay_seconds: float = Field(60.0, description="Longest wait between two tries.")
    retry_max_age_seconds: float = Field(900.0, description="After this long no more tries are made.")
    poison_allowed: int = Field(
        10,
        ge=0,
        description="So many of a consumer's last 1000 events may become dead letters, whatever their share.",
    )
    poison_most_share: float = Field(
        0.1,
        ge=0,
        le=1,
        description="Above POISON_ALLOWED, the share of its last 1000 events that may become dead letters. "
        "One more stops the consumer and turns `/healthz` red, rather than emptying its topic.",
    )
    handler_timeout_seconds: float = Field(
        1800.0, description="Longest time one piece of work may take; a stuck one turns health red."
    )
