"""Which installed pairs lead from one language to another. Pure; knows no engine."""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from octavia_translator.languages import base_of, fallbacks


@dataclass(frozen=True, order=True)
class Pair:
    """One installed direction: from `source` to `target` (tags) by the program's mode `name`."""

    source: str
    target: str
    name: str


Route = tuple[Pair, ...]


class RouteMap:
    """The shortest routes over installed pairs, each pivot costing some quality.

    Of equally short routes the alphabetically first is taken, so that every worker with the same
    pairs takes the same one.
    """

    def __init__(self, pairs: Iterable[Pair], *, max_hops: int) -> None:
        self.max_hops = max_hops
        self._from: dict[str, list[Pair]] = {}
        for pair in sorted(set(pairs)):
            if pair.source != pair.target:
                self._from.setdefault(pair.source, []).append(pair)

    def find(self, source: str, target: str) -> Route | None:
        """The route between two tags or what may stand in for them (`en-US` → `en`); None if none.

        There is none within one language (`en` → `en-US`): a detour through another is no translation.
        """
        for start in fallbacks(source):
            reached = self._reach(start)
            for end in fallbacks(target):
                if end in reached:
                    return reached[end]
        return None

    def targets(self) -> Mapping[str, tuple[str, ...]]:
        """All that can be done: target tags by source tag, both sorted."""
        return {source: tuple(sorted(self._reach(source))) for source in sorted(self._from)}

    def __iter__(self) -> Iterator[Pair]:
        return (pair for pairs in self._from.values() for pair in pairs)

    def _reach(self, start: str) -> dict[str, Route]:
        """The shortest route to every language within `max_hops`, breadth first."""
        routes: dict[str, Route] = {start: ()}
        queue = deque([start])
        while queue:
            here = queue.popleft()
            if len(routes[here]) == self.max_hops:
                continue
            for pair in self._from.get(here, ()):
                if pair.target not in routes:
                    routes[pair.target] = (*routes[here], pair)
                    queue.append(pair.target)
        home = base_of(start)
        return {tag: route for tag, route in routes.items() if base_of(tag) != home}
