"""`octavia generate`: from a prompt, or a picture and a prompt, to clips on this machine."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from octavia_cli.api import Api
from octavia_cli.downloads import Wanted, clip_path, download
from octavia_cli.errors import JobFailedError, UsageError
from octavia_cli.following import Followed, follow
from octavia_cli.messages import _
from octavia_cli.progress import Reporter, reporter
from octavia_cli.terminal import (
    DEFAULT_SERVER,
    JsonOption,
    ServerOption,
    err,
    out,
    print_json,
    reports_errors,
    signed_in,
)
from octavia_cli.uploads import bring

MOST_PROMPT_SHOWN = 60
"""Letters of a prompt that a line of progress shows."""

Video = dict[str, Any]


@reports_errors
def generate(
    prompt: Annotated[str, typer.Argument(help=_("What the video shows."))],
    image: Annotated[
        Path | None, typer.Option("--image", help=_("A picture that the video begins with."))
    ] = None,
    ratio: Annotated[
        str | None, typer.Option("--ratio", help=_("Shape: landscape, portrait or square."))
    ] = None,
    seconds: Annotated[int | None, typer.Option("--seconds", help=_("Length in seconds."))] = None,
    style: Annotated[
        str | None, typer.Option("--style", help=_("A preset: `octavia videos --styles` lists them."))
    ] = None,
    model: Annotated[
        str | None, typer.Option("--model", help=_("A model: `octavia videos --models` lists them."))
    ] = None,
    count: Annotated[int, typer.Option("--count", min=1, max=10, help=_("How many."))] = 1,
    folder: Annotated[Path, typer.Option("--out", "--output", help=_("Folder for the clips."))] = Path(),
    server: ServerOption = DEFAULT_SERVER,
    as_json: JsonOption = False,
) -> None:
    """Ask, wait, download. A clip is named after its prompt, as `a-cat-on-a-roof.0b1c2d3e.mp4`."""
    if image is not None and not image.is_file():
        raise UsageError(_("There is no file {path}.", path=image))
    wishes = {"aspect_ratio": ratio, "duration_seconds": seconds, "style": style, "model": model}
    request = {"prompt": prompt, "count": count, **wishes}
    with signed_in(server) as api, reporter(err(), uploads=image is not None) as report:
        done = Generation(api, report, folder).run(
            {name: value for name, value in request.items() if value is not None}, image
        )
    failed = [video for video in done["videos"] if video["file"] is None]
    if as_json and not failed:
        print_json(done)
    elif not as_json:
        _print(done)
    if failed:
        raise JobFailedError(
            _("{reason} Your credits are back.", reason=failed[0]["error_message"]),
            code=failed[0]["error_code"],
            **done,
        )


def _print(done: dict[str, Any]) -> None:
    for video in done["videos"]:
        if video["file"] is not None:
            out().print(video["file"], markup=False, soft_wrap=True)
    out().print(
        _(
            "It cost {cost} credits; {left} are left.",
            cost=done["credits_charged"],
            left=done["credits_available"],
        ),
        markup=False,
    )


@dataclass(frozen=True)
class Generation:
    """One run of `octavia generate`."""

    api: Api
    report: Reporter
    folder: Path

    def run(self, request: dict[str, Any], image: Path | None) -> dict[str, Any]:
        """Everything from the picture to the clips; returns what `--json` prints. Raises CliError."""
        if image is not None:
            request = {**request, "image_file_id": bring(self.api, self.report, image, "image")}
        balance = self.api.get("/credits")["available"]
        created = self.api.post("/videos", request)
        self.report.say(
            _("This costs {cost} credits; you have {have}.", cost=created["credits"], have=balance)
        )
        videos = self._followed(created["videos"])
        fates = [self._fate(video) for video in videos]
        return {
            "batch_id": created["batch_id"],
            "videos": fates,
            "credits_charged": sum(video.get("credits_charged") or 0 for video in videos),
            "credits_available": self.api.get("/credits")["available"],
        }

    def _followed(self, videos: list[Video]) -> list[Video]:
        """Each once it has ended; while one is waited for the others go on."""
        ended: list[Video] = []
        try:
            for number, video in enumerate(videos):

                def show(state: Video, number: int = number) -> None:
                    self._show(state, number, len(videos))

                ended.append(follow(self.api, Followed("videos", video["id"]), show))
        except KeyboardInterrupt:
            for video in videos[len(ended) :]:
                self.report.say(
                    _(
                        "The video goes on without you. `octavia videos {video}` shows it, "
                        "`octavia cancel {video}` ends it, "
                        "`octavia videos {video} --out FOLDER` fetches it.",
                        video=video["id"],
                    )
                )
            raise
        return ended

    def _show(self, video: Video, number: int, total: int) -> None:
        share = float(video.get("progress") or 0.0) / 100
        step = str(video.get("current_step") or "")
        if total > 1:
            step = _("Video {number} of {total}: {step}", number=number + 1, total=total, step=step)
        self.report.working(f"{number} {video['status']}", 100 * (number + share) / total, step)

    def _fate(self, video: Video) -> dict[str, Any]:
        """What became of a video: its file, or why there is none."""
        completed = video["status"] == "completed"
        return {
            "id": video["id"],
            "status": video["status"],
            "file": str(fetch(self.api, self.report, video, self.folder)) if completed else None,
            "error_code": None if completed else video.get("error_code") or video["status"],
            "error_message": None if completed else video.get("error_message") or _("It was cancelled."),
        }


def fetch(api: Api, report: Reporter, video: Video, folder: Path) -> Path:
    """Download a completed video to its place in `folder`; returns where that is. Raises CliError."""
    target = clip_path(video["prompt"], video["id"], folder)
    size = (video.get("clip") or {}).get("size_bytes")
    wanted = Wanted(f"/videos/{video['id']}/content", None if size is None else int(size))
    download(api, wanted, target, lambda share: report.downloading(target.name, share))
    return target.absolute()
