"""One bar for the whole way: upload, work, download."""

from typing import Protocol, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from octavia_cli.messages import _

_UPLOAD_SHARE, _DOWNLOAD_SHARE = 10.0, 5.0
"""Percent of the whole; the work is the rest."""


class Reporter(Protocol):
    """Shows how far a translation or a video has come. Its parts come in this order."""

    def __enter__(self) -> Self: ...
    def __exit__(self, *_exc: object) -> None: ...
    def uploading(self, name: str, share: float) -> None: ...
    def working(self, phase: str, percent: float, step: str) -> None: ...
    def downloading(self, name: str, share: float) -> None: ...
    def say(self, text: str) -> None: ...


def reporter(console: Console, *, uploads: bool = True) -> Reporter:
    """A live bar on a terminal, else a line for each new step.

    `uploads` says whether something is brought first.
    """
    return Bar(console, uploads=uploads) if console.is_terminal else Lines(console)


class Bar:
    """A live bar that never runs backwards."""

    def __init__(self, console: Console, *, uploads: bool = True) -> None:
        self._upload_share = _UPLOAD_SHARE if uploads else 0.0
        self._work_share = 100.0 - self._upload_share - _DOWNLOAD_SHARE
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TaskProgressColumn("{task.percentage:>5.1f}%"),
            TimeElapsedColumn(),
            console=console,
        )
        self._task = self._progress.add_task("", total=100.0)
        self._done = 0.0

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._progress.stop()

    def uploading(self, name: str, share: float) -> None:
        self._show(_("Uploading {name}", name=name), self._upload_share * share)

    def working(self, phase: str, percent: float, step: str) -> None:
        self._show(step, self._upload_share + self._work_share * percent / 100)

    def downloading(self, name: str, share: float) -> None:
        done = self._upload_share + self._work_share + _DOWNLOAD_SHARE * share
        self._show(_("Downloading {name}", name=name), done)

    def say(self, text: str) -> None:
        self._progress.console.print(text, markup=False, highlight=False, soft_wrap=True)

    def _show(self, text: str, done: float) -> None:
        self._done = max(self._done, done)
        self._progress.update(self._task, description=text, completed=self._done)


class Lines:
    """For logs: a line where something new begins, and at each further tenth of the work."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._last: object = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        return

    def uploading(self, name: str, share: float) -> None:
        self._once(("upload", name), _("Uploading {name}", name=name))

    def working(self, phase: str, percent: float, step: str) -> None:
        self._once(("work", phase, int(percent // 10)), f"{percent:5.1f}%  {step}")

    def downloading(self, name: str, share: float) -> None:
        self._once(("download", name), _("Downloading {name}", name=name))

    def say(self, text: str) -> None:
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)

    def _once(self, mark: object, text: str) -> None:
        if mark != self._last:
            self._last = mark
            self.say(text)
