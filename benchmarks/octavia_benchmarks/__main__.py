"""`make bench`: measure, show, keep."""

import argparse
import asyncio
import importlib
import sys
import time
from collections.abc import Callable, Coroutine
from typing import Any

from octavia_local.errors import LocalError
from octavia_local.layout import Layout
from octavia_local.signals import Stopped, signals_as_exception

from octavia_benchmarks import results
from octavia_benchmarks.driver import JobNotCompletedError
from octavia_benchmarks.prerequisites import install
from octavia_benchmarks.results import Figure

NAMES = (
    "latency",
    "throughput",
    "scaling",
    "fairness",
    "realtime",
    "rerender",
    "live",
    "live_from_kafka",
    "uploads",
    "uploads_large",
    "logins",
    "credits",
    "videos",
    "web",
)

Measure = Callable[..., Coroutine[Any, Any, tuple[list[Figure], list[str]]]]


def main() -> int:
    """Run what was asked for; 0 when all of it was measured, whether or not it reaches its aims."""
    parser = argparse.ArgumentParser(prog="octavia-benchmarks", description=__doc__)
    parser.add_argument("--only", choices=NAMES, action="append", help="measure only this (may be repeated)")
    parser.add_argument("--quick", action="store_true", help="see that it works; the figures are not kept")
    arguments = parser.parse_args()
    layout = Layout.default()
    figures: list[Figure] = []
    notes: list[str] = []
    try:
        install(layout)
        with signals_as_exception():
            for name in arguments.only or NAMES:
                found, told = _measured(name, quick=arguments.quick)
                figures += found
                notes += told
    except (LocalError, JobNotCompletedError) as error:
        print(error, file=sys.stderr)
        return 1
    except Stopped:
        print("Stopped; nothing was kept", file=sys.stderr)
        return 130
    print(results.table(figures))
    print("\n".join(notes))
    if not arguments.quick:
        _keep(layout, figures, notes)
    return 0


def _measured(name: str, *, quick: bool) -> tuple[list[Figure], list[str]]:
    print(f"Measuring {name}", flush=True)
    began = time.monotonic()
    # Imported when its turn comes: importing the one with Celery needs Celery.
    measure: Measure = importlib.import_module(f"octavia_benchmarks.{name}").measure
    found = asyncio.run(measure(quick=quick))
    print(f"Measured {name} in {time.monotonic() - began:.0f} s", flush=True)
    return found


def _keep(layout: Layout, figures: list[Figure], notes: list[str]) -> None:
    folder = layout.root / "benchmarks"
    kept = folder / "results.json"
    results.write(kept, results.merged(results.read(kept), figures))
    results.write_section(folder / "README.md", results.read(kept), notes)


if __name__ == "__main__":
    sys.exit(main())
