"""Pytest plugin: who shares something heavy, and for how long it stays.

A running platform is ten processes that poll Kafka and the database even while nobody asks anything of them.
Where every process of a test run (pytest-xdist) starts each platform, and keeps it until the run ends, the
last tests crawl. So test files that share a fixture of package scope run in one process, one file after the
other, and whatever is shared beyond a file ends after the last test that asks for it.
"""

from collections.abc import Iterable, Iterator
from pathlib import PurePath
from typing import Any

import pytest
from _pytest.nodeid import NodeId
from xdist.scheduler import LoadGroupScheduling

_LAST = pytest.StashKey[list[pytest.FixtureDef[Any]]]()


class _Scheduler(LoadGroupScheduling):  # type: ignore[misc]  # xdist ships no types
    """Hands out groups of files where there are such, else single files, in the order of collection."""

    def _split_scope(self, nodeid: str) -> str:
        group: str = super()._split_scope(nodeid)
        return nodeid.split("::", 1)[0] if group == nodeid else group


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> _Scheduler | None:
    """Only where groups are asked for: `--dist loadgroup`."""
    return _Scheduler(config, log) if config.getvalue("dist") == "loadgroup" else None


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put tests that share something beside each other, and first: they take longest."""
    groups = _groups(items)
    if getattr(config.option, "loadgroup", False):
        for item in items:
            if group := groups.get(item.path.as_posix()):
                # All that the scheduler hears of a test is its name. pytest-xdist 3.8 would add the group of
                # a marker itself, but where pytest 9.2 does not look for it any more.
                item._id = NodeId.parse(f"{item.nodeid}@{group}")
    first = {group: place for place, group in enumerate(dict.fromkeys(groups.values()))}
    items.sort(key=lambda item: first.get(groups.get(item.path.as_posix(), ""), len(first)))


def pytest_collection_finish(session: pytest.Session) -> None:
    """Note after which test each shared fixture can go."""
    last: dict[pytest.FixtureDef[Any], pytest.Item] = {}
    for item in session.items:
        last.update(dict.fromkeys(_shared(item), item))
    for fixture, item in last.items():
        item.stash.setdefault(_LAST, []).append(fixture)


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item) -> None:
    """End what nobody asks for any more; what is made of it ends before it."""
    for fixture in item.stash.get(_LAST, []):
        fixture.finish(item._request)  # type: ignore[attr-defined]


def _groups(items: Iterable[pytest.Item]) -> dict[str, str]:
    """The group, such as `e2e.platform`, of each file that asks for a fixture of package scope."""
    users: dict[str, set[str]] = {}
    for item in items:
        for fixture in _shared(item):
            if fixture.scope == "package":
                name = f"{PurePath(fixture.baseid).name}.{fixture.argname}"
                users.setdefault(name, set()).add(item.path.as_posix())
    group_of: dict[str, str] = {}
    for name, files in users.items():
        # Who shares two fixtures makes one group of both.
        joined = {group_of[file] for file in files & group_of.keys()}
        merged = {file for file, group in group_of.items() if group in joined}
        group_of.update(dict.fromkeys(files | merged, name))
    return group_of


def _shared(item: pytest.Item) -> Iterator[pytest.FixtureDef[Any]]:
    """Fixtures of a test that outlive its file; not those of plugins, such as the servers."""
    definitions = getattr(item, "_fixtureinfo", None)
    for found in definitions.name2fixturedefs.values() if definitions else ():
        yield from (each for each in found if each.scope in ("package", "session") and each.baseid)
