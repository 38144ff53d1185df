"""What is said at the end of `octavia translate` and its kin."""

from collections.abc import Mapping
from typing import Any

from octavia_cli.batches import check_all_done
from octavia_cli.messages import _
from octavia_cli.terminal import out, print_json


def show(done: Mapping[str, Any], *, as_json: bool) -> None:
    """Where the results lie, what they say of themselves, and what they cost; of one file, or of several.

    Raises JobFailedError where one of several is not done.
    """
    if as_json:
        print_json(done)
    elif done["status"] == "review":
        out().print(_("It waits for your review. Go on with: octavia release {job}", job=done["job_id"]))
    else:
        _tell(done)
    if "jobs" in done:
        check_all_done(done)


def _tell(done: Mapping[str, Any]) -> None:
    for job in done.get("jobs", [done]):
        for language, path in job["files"].items():
            out().print(f"{language}: {path}", markup=False, soft_wrap=True)
        for failed in job.get("failed_languages", ()):
            out().print(
                _(
                    "{language} could not be made: {reason} Its credits are back.",
                    language=failed["language"],
                    reason=failed["error_message"],
                ),
                markup=False,
            )
        for note in job.get("notes", ()):
            out().print(note, markup=False)
        if job.get("error"):
            out().print(f"{job['file']}: {job['error']}", markup=False, soft_wrap=True)
    charged = done["credits_charged"]
    out().print(
        _("It cost {cost} credits; {left} are left.", cost=charged, left=done["credits_available"]),
        markup=False,
    )
