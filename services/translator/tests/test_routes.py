"""Routes over pairs: found by search, checked against plain reasoning on random graphs."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from octavia_translator.routes import Pair, RouteMap

TAGS = ("en", "es", "fr", "pt", "ca", "gl", "it", "pt-BR")
PAIRS = st.lists(
    st.builds(lambda a, b: Pair(a, b, f"{a}-{b}"), st.sampled_from(TAGS), st.sampled_from(TAGS)), max_size=20
)


def distance(pairs: list[Pair], source: str, target: str, limit: int) -> int | None:
    """The least number of hops, by growing the set of reachable languages step by step."""
    reached = {source}
    for hops in range(1, limit + 1):
        reached |= {pair.target for pair in pairs if pair.source in reached}
        if target in reached:
            return hops
    return None


@given(PAIRS, st.sampled_from(TAGS), st.sampled_from(TAGS), st.integers(1, 4))
def test_route_is_a_connected_shortest_path_over_given_pairs(pairs, source, target, limit):
    route = RouteMap(pairs, max_hops=limit).find(source, target)
    if source.split("-")[0] == target.split("-")[0]:
        assert route is None
        return
    expected = distance(pairs, source, target, limit)
    if expected is None:
        fallback_may_serve = "-" in source or "-" in target
        assert route is None or fallback_may_serve
        return
    assert route is not None
    assert len(route) == expected
    assert route[0].source == source
    assert route[-1].target == target
    assert all(left.target == right.source for left, right in pairwise(route))
    assert set(route) <= set(pairs)
    assert len({pair.source for pair in route}) == len(route)


@given(PAIRS, st.integers(1, 4), st.randoms())
def test_routes_do_not_depend_on_the_order_in_which_pairs_are_found(pairs, limit, random):
    shuffled = list(pairs)
    random.shuffle(shuffled)
    one, other = RouteMap(pairs, max_hops=limit), RouteMap(shuffled, max_hops=limit)
    assert one.targets() == other.targets()
    assert all(one.find(a, b) == other.find(a, b) for a in TAGS for b in TAGS)


@given(PAIRS, st.integers(1, 4))
def test_what_is_offered_can_be_found_and_leads_away(pairs, limit):
    routes = RouteMap(pairs, max_hops=limit)
    for source, targets in routes.targets().items():
        assert source not in targets
        for target in targets:
            assert routes.find(source, target)


def names(routes: RouteMap, source: str, target: str) -> list[str] | None:
    route = routes.find(source, target)
    return None if route is None else [pair.name for pair in route]


def test_pivots_regions_and_refusals():
    routes = RouteMap(
        [
            Pair("en", "es", "eng-spa"),
            Pair("es", "fr", "es-fr"),
            Pair("es", "pt", "es-pt"),
            Pair("es", "pt-BR", "es-pt_BR"),
        ],
        max_hops=3,
    )
    assert names(routes, "en", "es") == ["eng-spa"]
    assert names(routes, "en", "fr") == ["eng-spa", "es-fr"]
    assert names(routes, "en-US", "es-419") == ["eng-spa"]
    assert names(routes, "en", "pt-BR") == ["eng-spa", "es-pt_BR"]
    assert names(routes, "eng", "pt-PT") == ["eng-spa", "es-pt"]
    assert routes.find("fr", "en") is None
    assert routes.find("en", "en") is None
    assert routes.find("en", "no such language at all") is None
