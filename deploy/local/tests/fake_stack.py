"""A stack of cheap things, run as a program by test_launcher.py: real S3, one service that is always ready.

python fake_stack.py CHECKOUT STATE_DIRECTORY
"""

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from octavia_local.errors import LocalError
from octavia_local.launcher import Launcher
from octavia_local.layout import Layout
from octavia_local.plan import Plan
from octavia_local.servers import ExternalKafka, ExternalPostgres, S3Server, Server
from octavia_local.settings import LocalSettings
from octavia_local.signals import Stopped

SERVICE = Path(__file__).with_name("fake_service.py")


def make_servers(
    layout: Layout, settings: LocalSettings, given: Mapping[str, str], secrets: Mapping[str, str]
) -> Sequence[Server]:
    store = S3Server(
        layout.data / "s3",
        settings.ports["S3_PORT"],
        access_key=secrets["S3_ACCESS_KEY"],
        secret_key=secrets["S3_SECRET_KEY"],
    )
    # Whatever listens will do: nothing here talks to them.
    there = f"127.0.0.1:{given['LISTENING_PORT']}"
    return ExternalKafka(there), ExternalPostgres(f"postgresql://u@{there}/d"), store


def main(root: Path, state: Path) -> int:
    layout = Layout(root, state)
    status = os.environ.get("PREPARATION", "0")
    preparation = [sys.executable, "-c", f"raise SystemExit({status})"]
    services = {"translator": [sys.executable, str(SERVICE), str(state)]}
    plan = Plan(make_servers, [("Preparing", preparation)], services)
    try:
        with Launcher(layout, LocalSettings.read(), plan).running() as stack:
            stack.serve()
    except LocalError as error:
        print(error, file=sys.stderr)
        return 1
    except Stopped:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
