"""Commands of other installed packages: entry points of the group `octavia.commands`, typer apps each.

They are imported when they are used, and one that is broken breaks nothing but itself.
"""

from importlib.metadata import EntryPoint, entry_points
from typing import Any

import typer
from typer.core import TyperGroup
from typer.main import get_command

from octavia_cli.errors import ExitCode
from octavia_cli.messages import _

GROUP = "octavia.commands"


def found() -> dict[str, EntryPoint]:
    """Plug-ins by the name of their command."""
    return {point.name: point for point in entry_points(group=GROUP)}


class WithPlugins(TyperGroup):
    """A group of commands that others add to. Its own commands cannot be replaced."""

    def list_commands(self, ctx: Any) -> list[str]:
        own = super().list_commands(ctx)
        return [*own, *sorted(name for name in found() if name not in own)]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        own = super().get_command(ctx, cmd_name)
        if own is not None:
            return own
        point = found().get(cmd_name)
        return None if point is None else _loaded(point)


class Extended(TyperGroup):
    """A group of ours to which the plug-in of the same name adds. Its own commands cannot be replaced."""

    def list_commands(self, ctx: Any) -> list[str]:
        own = super().list_commands(ctx)
        others = self._others()
        return [*own, *(name for name in others.list_commands(ctx) if name not in own)] if others else own

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        own, others = super().get_command(ctx, cmd_name), self._others()
        return own if own is not None or others is None else others.get_command(ctx, cmd_name)

    def _others(self) -> Any:
        """The plug-in's group; None where there is none, or it is a single command."""
        point = found().get(self.name or "")
        command = None if point is None else _loaded(point)
        return command if hasattr(command, "list_commands") else None


def _loaded(point: EntryPoint) -> Any:
    try:
        app = point.load()
        if not isinstance(app, typer.Typer):
            raise TypeError(f"{point.value} is no typer.Typer")
        command = get_command(app)
    except Exception as error:  # noqa: BLE001 - whatever a stranger's import may raise
        command = get_command(_broken(point, error))
    command.name = point.name
    return command


def _broken(point: EntryPoint, error: Exception) -> typer.Typer:
    """A command that only says why it is none."""
    reason = _("The plug-in {name} ({value}) cannot be loaded: {reason}",
               name=point.name, value=point.value, reason=f"{type(error).__name__}: {error}")  # fmt: skip
    app = typer.Typer(help=_("(broken plug-in)"))

    @app.command(context_settings={"ignore_unknown_options": True, "allow_extra_args": True})
    def complain() -> None:
        typer.secho(reason, err=True, fg="red")
        raise typer.Exit(ExitCode.UNEXPECTED)

    return app
