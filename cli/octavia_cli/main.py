"""`octavia`: the commands put together."""

import typer

from octavia_cli.commands import (
    account,
    capabilities,
    credit,
    export,
    generate,
    jobs,
    subtitles,
    translate,
    videos,
)
from octavia_cli.messages import _
from octavia_cli.plugins import WithPlugins

EXIT_CODES = _(
    "Exit codes: 0 done, 1 unexpected error, 2 wrong usage, 3 not signed in, 4 not enough credits, "
    "5 the job failed, 6 the server cannot be reached, 7 the server refused, 130 interrupted."
)

app = typer.Typer(
    name="octavia",
    cls=WithPlugins,
    help=_("Translate videos into other languages, generate new ones, follow jobs, see credits."),
    epilog=EXIT_CODES,
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
)
app.command("translate", help=_("Dub a video into other languages."))(translate.translate)
app.add_typer(subtitles.app, name="subtitles", help=_("Make, translate and check subtitles."))
app.command("generate", help=_("Generate a video from a prompt, or from a picture."))(generate.generate)
app.command("jobs", help=_("List your jobs, or show one."))(jobs.jobs)
app.command("download", help=_("Download the results of a job again."))(jobs.download_results)
app.command(
    "export", help=_("Have another file made of a job: all dubs in one, subtitles burnt in, sound alone.")
)(export.export)
app.command("release", help=_("Let a job go on that waits for your review."))(jobs.release)
app.command("cancel", help=_("Cancel a job or a video; its credits come back."))(jobs.cancel)
app.command("videos", help=_("List your generated videos, show or download one."))(videos.videos)
app.command("credits", help=_("Show your credits, and what became of them."))(credit.credits_command)
app.command("prices", help=_("Show what jobs cost."))(credit.prices)
app.command("capabilities", help=_("Show what a translation can ask for here."))(capabilities.capabilities)
app.command("register", help=_("Open an account and sign in."))(account.register)
app.command("login", help=_("Sign in and stay signed in."))(account.login)
app.command("logout", help=_("Sign out."))(account.logout)


def main() -> None:
    """The console script."""
    app()
