"""What the processes of the baseline are told."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from minio import Minio
from octavia_local.servers.s3 import client_of


@dataclass(frozen=True)
class Settings:
    """Where everything is."""

    redis: str
    s3_endpoint: str
    access_key: str
    secret_key: str
    bucket: str
    traffic: Path

    @classmethod
    def from_environment(cls) -> Self:
        """What `environment` said."""
        values = {name: os.environ[f"BASELINE_{name.upper()}"] for name in cls.__dataclass_fields__}
        return cls(**{**values, "traffic": Path(values["traffic"])})  # type: ignore[arg-type]

    def environment(self) -> Mapping[str, str]:
        """As environment variables for the processes of the baseline."""
        return {f"BASELINE_{name.upper()}": str(value) for name, value in vars(self).items()}

    def store(self) -> Minio:
        """A client of the object store."""
        return client_of(self.s3_endpoint, self.access_key, self.secret_key)
