"""Commands behind the Makefile's targets."""

import argparse
import contextlib
import os
import shutil
import subprocess
import sys

from octavia_local import class_archives, system_packages, vllm
from octavia_local.background import down, follow_logs, up
from octavia_local.demo import Demo, ensure_sample
from octavia_local.deployment import Deployment
from octavia_local.engine_tests import run_engine_tests, run_weekly
from octavia_local.engines import ENGINES, engine
from octavia_local.errors import LocalError
from octavia_local.launcher import Launcher
from octavia_local.layout import Layout
from octavia_local.locking import lock
from octavia_local.plan import real_plan
from octavia_local.servers.postgres import remove_data_outside
from octavia_local.settings import LocalSettings
from octavia_local.signals import Stopped
from octavia_local.toolchain import Toolchain, own_projects, say


def main() -> int:
    """Run one command; 0, or 1 with one line on standard error that says what to do."""
    parser = argparse.ArgumentParser(prog="octavia-local", description="Octavia on one machine.")
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser(
        "run", help="start everything, dub the sample, generate a clip, serve until Ctrl-C"
    )
    run.add_argument("--once", action="store_true", help="end after the sample")
    commands.add_parser("serve", help="start everything and serve, without the sample")
    commands.add_parser("up", help="the same in the background")
    commands.add_parser("down", help="stop what `up` started")
    commands.add_parser("logs", help="follow all logs")
    commands.add_parser("sample", help="make the bundled sample")
    engines = commands.add_parser("engines", help="environments of heavy engines")
    action = engines.add_subparsers(dest="action", required=True)
    install = action.add_parser("install", help="make them, or bring them up to date")
    install.add_argument("names", nargs="*", metavar="NAME", default=[each.name for each in ENGINES])
    tests = commands.add_parser("test-engines", help="the tests that need engines' environments")
    tests.add_argument("--weekly", action="store_true", help="only where they last passed over a week ago")
    tests.add_argument("names", nargs="*", metavar="NAME", help="engines; `platform`: whole jobs")
    commands.add_parser("vllm", help="serve a language model for the translator, until Ctrl-C")
    classes = commands.add_parser(
        "class-archive", help="keep what a Java server loads, so that it starts faster"
    )
    classes.add_argument("server", choices=sorted(class_archives.SERVERS))
    commands.add_parser("test-tools", help="install the system packages that only tests need")
    commands.add_parser("lock", help="resolve requirements/*.txt anew")
    commands.add_parser("typecheck", help="mypy over every package of the checkout")
    commands.add_parser("manifests", help="render the Kubernetes manifests anew")
    commands.add_parser("check-deploy", help="check manifests and alert rules with the operators' tools")
    commands.add_parser("clean", help="remove data, logs, secrets and environments")
    arguments = parser.parse_args()
    try:
        return _do(arguments, Layout.default())
    except LocalError as error:
        print(error, file=sys.stderr)
        return 1
    except (Stopped, KeyboardInterrupt):
        return 130


def _do(arguments: argparse.Namespace, layout: Layout) -> int:
    match arguments.command:
        case "run":
            return _run(layout, once=arguments.once)
        case "serve":
            with contextlib.suppress(Stopped), _launcher(layout).running() as stack:
                stack.serve()
        case "up":
            print(f"Octavia serves at {up(layout)} (stop it with `make down`)")
        case "down":
            print("Octavia has stopped" if down(layout) else "Octavia was not running")
        case "logs":
            follow_logs(layout)
        case "sample":
            print(ensure_sample(layout, again=True))
        case "engines":
            for name in arguments.names:
                Toolchain(layout).install_engine(engine(name))
        case "test-engines":
            return run_weekly(layout) if arguments.weekly else run_engine_tests(layout, arguments.names)
        case "vllm":
            Toolchain(layout).install_engine(engine("vllm"))
            vllm.serve(layout, os.environ)
        case "class-archive":
            class_archives.make(arguments.server, say)
        case "test-tools":
            system_packages.have(system_packages.FOR_TESTS)
        case "lock":
            lock(layout.root, str(layout.root / ".octavia" / "bootstrap" / "bin" / "uv"))
        case "typecheck":
            return _typecheck(layout)
        case "manifests":
            Deployment(layout).render()
        case "check-deploy":
            Deployment(layout).check()
        case "clean":
            remove_data_outside(layout.data / "postgres")
            for directory in (layout.state, layout.root / ".octavia", layout.root / ".venv", layout.engines):
                shutil.rmtree(directory, ignore_errors=True)
    return 0


def _launcher(layout: Layout, *, quick: bool = False) -> Launcher:
    return Launcher(layout, LocalSettings.read(), real_plan(layout, quick=quick))


def _run(layout: Layout, *, once: bool) -> int:
    """With `once`, success is sample and clip; without, a person sees what failed and the stack goes on."""
    launcher = _launcher(layout, quick=once)
    with launcher.running() as stack:
        try:
            sample = ensure_sample(layout)
            result = Demo(layout, launcher.settings.gateway_url, stack, launcher.say).run(sample)
        except LocalError as error:
            if once:
                raise
            print(error, file=sys.stderr)
        else:
            result.show(launcher.say)
        if not once:
            launcher.say(f"Dashboard: {launcher.settings.gateway_url}/docs. Serving until Ctrl-C.")
            with contextlib.suppress(Stopped):
                stack.serve()
    return 0


def _typecheck(layout: Layout) -> int:
    packages = [
        path.parent.name
        for project in own_projects(layout.root)
        for path in sorted(project.parent.glob("octavia_*/__init__.py"))
    ]
    command = [sys.executable, "-m", "mypy", *(part for name in packages for part in ("-p", name))]
    return subprocess.run(command, cwd=layout.root, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
