"""An S3 server over a directory: S3Proxy.

Its one departure that matters here: an object is a file, so a key cannot be both an object and the folder of
other objects ("a" beside "a/b").
"""

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar, Protocol

import httpx
from minio import Minio

from octavia_local.layout import java, packaged
from octavia_local.ports import LOOPBACK, http_status
from octavia_local.servers.base import LocalServer, Server

REGION = "us-east-1"

_PROPERTIES = """\
s3proxy.endpoint=http://{host}:{port}
s3proxy.authorization=aws-v2-or-v4
s3proxy.identity={access_key}
s3proxy.credential={secret_key}
jclouds.provider=filesystem-nio2
jclouds.filesystem.basedir={data}
"""


class ObjectStore(Server, Protocol):
    """A server that speaks S3, with the keys to it."""

    access_key: str
    secret_key: str

    def client(self) -> Minio: ...


class S3Server(LocalServer):
    """S3Proxy on the loopback; objects are files below `directory`/data.

    Args:
        directory: data, configuration and log.
        port: where it listens.
        access_key, secret_key: of its one account.
    """

    name: ClassVar[str] = "S3"

    def __init__(
        self,
        directory: Path,
        port: int,
        *,
        access_key: str = "octavia",
        secret_key: str = "octavia-secret",
        setting: str = "S3_PORT",
    ) -> None:
        super().__init__(directory, port, setting=setting)
        self.access_key = access_key
        self.secret_key = secret_key

    @property
    def address(self) -> str:
        """URL for S3_ENDPOINT."""
        return f"http://{LOOPBACK}:{self.port}"

    def client(self) -> Minio:
        """A client of the account."""
        return client_of(self.address, self.access_key, self.secret_key)

    def prepare(self) -> None:
        data = self.directory / "data"
        data.mkdir(exist_ok=True)
        config = self.directory / "s3proxy.conf"
        config.touch(mode=0o600)
        config.write_text(
            _PROPERTIES.format(
                host=LOOPBACK,
                port=self.port,
                access_key=self.access_key,
                secret_key=self.secret_key,
                data=data,
            )
        )

    def command(self) -> Sequence[str]:
        log_config = packaged("s3proxy", "logback.xml")
        return [
            *[*java("s3proxy"), "-Xms64m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"],
            f"-Dlogback.configurationFile={log_config}",
            *["org.gaul.s3proxy.Main", "--properties", str(self.directory / "s3proxy.conf")],
        ]

    def is_ready(self) -> bool:
        return http_status(self.port, "/") is not None


def client_of(endpoint: str, access_key: str, secret_key: str) -> Minio:
    """A client of an S3 server; `endpoint` is its URL."""
    url = httpx.URL(endpoint)
    return Minio(url.netloc.decode(), access_key, secret_key, secure=url.scheme == "https", region=REGION)
