"""`octavia settings`: every setting of every installed service, as the table of the documents."""

from importlib import import_module
from importlib.metadata import entry_points
from typing import Any

import typer
from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings

from octavia_common.media.sandbox import SandboxSettings
from octavia_common.settings import ServiceSettings

app = typer.Typer(help="Every setting, its default and what it does.")

HEAD = """# Settings

Every setting is an environment variable. This page is made by `octavia settings > docs/settings.md`;
a test holds it against the code.
"""


@app.callback(invoke_without_command=True)
def settings_command() -> None:
    """Print the table in Markdown."""
    typer.echo(settings_page(), nl=False)


def settings_page() -> str:
    """The whole page: what all services share, then each service's own."""
    parts = [
        HEAD,
        _table("Every service", ServiceSettings, frozenset()),
        _table("Every service that runs media programs", SandboxSettings, frozenset()),
    ]
    shared = frozenset(ServiceSettings.model_fields)
    for point in sorted(entry_points(group="octavia.settings"), key=lambda point: point.name):
        model: type[ServiceSettings] = getattr(import_module(point.module), point.attr)
        parts.append(_table(point.name, model, shared))
    return "\n".join(parts)


def _table(title: str, model: type[BaseSettings], without: frozenset[str]) -> str:
    rows = [
        f"| `{name.upper()}` | {_default(field)} | {' '.join((field.description or '').split())} |"
        for name, field in model.model_fields.items()
        if name not in without
    ]
    return "\n".join([f"## {title}", "", "| variable | default | what it does |", "|---|---|---|", *rows, ""])


def _default(field: FieldInfo) -> str:
    value: Any = field.default
    if field.is_required():
        return "required"
    if isinstance(value, SecretStr):
        return "a secret of development" if value.get_secret_value() else "empty"
    if value in (None, ""):
        return "empty"
    return f"`{value}`"
