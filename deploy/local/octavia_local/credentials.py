"""The secrets of one installation: made once, kept in a file that only its owner can read."""

import os
import secrets
from pathlib import Path

from octavia_local.errors import LocalError

_GENERATED = ("POSTGRES_PASSWORD", "S3_ACCESS_KEY", "S3_SECRET_KEY", "JWT_SECRET", "VIDEO_CALLBACK_SECRET")
_BYTES = 32


def load_or_create(path: Path) -> dict[str, str]:
    """The secrets by the name of their setting; missing ones are generated and added to the file (mode 0600).

    Raises:
        LocalError: the file is not readable as lines `NAME=value`.
    """
    values = _read(path) if path.exists() else {}
    missing = [name for name in _GENERATED if name not in values]
    if missing:
        values.update({name: secrets.token_urlsafe(_BYTES) for name in missing})
        _write(path, values)
    path.chmod(0o600)
    return values


def _read(path: Path) -> dict[str, str]:
    values = {}
    for line in path.read_text().splitlines():
        if not line or line.startswith("#"):
            continue
        name, equals, value = line.partition("=")
        if not equals:
            raise LocalError(
                f"{path} has a line that is not NAME=value: mend it, or remove it with its data."
            )
        values[name] = value
    return values


def _write(path: Path, values: dict[str, str]) -> None:
    """Replace the file as a whole: half-written secrets would lock their owner out of the data."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".tmp")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as stream:
        stream.write(
            "# Secrets of this installation, made at its first start. The data cannot be read without.\n"
        )
        stream.writelines(f"{name}={value}\n" for name, value in values.items())
        stream.flush()
        os.fsync(stream.fileno())
    temporary.replace(path)
