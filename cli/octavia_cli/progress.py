"""One bar for the whole way: upload, work, download."""

from typing import Any, Protocol, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from octavia_cli.messages import _

_UPLOAD_SHARE, _WORK_SHARE, _DOWNLOAD_SHARE = 10.0, 85.0, 5.0


class Reporter(Protocol):
    """Shows how far a translation has come. Its parts come in this order."""

    def __enter__(self) -> Self: ...
    def __exit__(self, *_exc: object) -> None: ...
    def uploading(self, name: str, share: float) -> None: ...
    def working(self, job: dict[str, Any]) -> None: ...
    def downloading(self, name: str, share: float) -> None: ...
    def say(self, text: str) -> None: ...


def reporter(console: Console) -> Reporter:
    """A live bar on a terminal, else a line for each new step."""
    return Bar(console) if console.is_terminal else Lines(console)


class Bar:
    """A live bar that never runs backwards."""

    def __init__(self, console: Console) -> None:
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
        self._show(_("Uploading {name}", name=name), _UPLOAD_SHARE * share)

    def working(self, job: dict[str, Any]) -> None:
        share = float(job.get("progress_percentage") or 0.0) / 100
        self._show(str(job.get("current_step") or ""), _UPLOAD_SHARE + _WORK_SHARE * share)

    def downloading(self, name: str, share: float) -> None:
        done = _UPLOAD_SHARE + _WORK_SHARE + _DOWNLOAD_SHARE * share
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

    def working(self, job: dict[str, Any]) -> None:
        percent = float(job.get("progress_percentage") or 0.0)
        mark = ("work", job.get("phase"), int(percent // 10))
        self._once(mark, f"{percent:5.1f}%  {job.get('current_step') or ''}")

    def downloading(self, name: str, share: float) -> None:
        self._once(("download", name), _("Downloading {name}", name=name))

    def say(self, text: str) -> None:
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)

    def _once(self, mark: object, text: str) -> None:
        if mark != self._last:
            self._last = mark
            self.say(text)
