"""Archives of the Java servers' loaded classes, so that each start is some seconds shorter.

Kafka takes 9 s of CPU to its first answer without and 5 s with one, S3Proxy 2 and 1. Java's dynamic class
data sharing (JEP 350) writes one when a server ends; without one, or with one that does not fit, a server
starts as ever.
"""

import os
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from octavia_local.errors import LocalError
from octavia_local.layout import class_archive
from octavia_local.ports import free_port
from octavia_local.servers.base import LocalServer
from octavia_local.servers.kafka import KafkaServer
from octavia_local.servers.s3 import S3Server

_OPTIONS = "JDK_JAVA_OPTIONS"  # read by the `java` program itself

SERVERS: Mapping[str, Callable[[Path], LocalServer]] = {
    "kafka": lambda folder: KafkaServer(folder, free_port(), free_port()),
    "s3proxy": lambda folder: S3Server(folder, free_port()),
}


def make(name: str, say: Callable[[str], None]) -> None:
    """Start the server `name` once, and keep what it loads. That it cannot is said and no error."""
    target = class_archive(name)
    written = target.with_suffix(".new")
    written.unlink(missing_ok=True)
    before = os.environ.get(_OPTIONS)
    try:
        with tempfile.TemporaryDirectory(prefix="octavia-classes-", ignore_cleanup_errors=True) as folder:
            os.environ[_OPTIONS] = f"-XX:ArchiveClassesAtExit={written}"
            with SERVERS[name](Path(folder)):
                pass
        written.replace(target)
    except (LocalError, OSError) as error:
        say(f"{name} will start a little slower: {error}")
    finally:
        os.environ.pop(_OPTIONS, None)
        if before is not None:
            os.environ[_OPTIONS] = before
