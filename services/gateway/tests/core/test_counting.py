"""What one user may have so many of, asked for at once: nobody gets one too many."""

import asyncio
from collections import Counter
from typing import Any

import pytest
from octavia_gateway.api_keys.service import MOST_KEYS
from octavia_gateway.glossaries.service import MOST_LISTS
from octavia_gateway.webhooks.service import MOST_HOOKS

from .world import World

pytestmark = pytest.mark.integration


@pytest.mark.parametrize(
    ("path", "body", "most"),
    [
        ("api-keys", {"name": "mine"}, MOST_KEYS),
        ("webhooks", {"url": "https://example.org/told"}, MOST_HOOKS),
        ("glossaries", {"name": "names", "terms": [{"source": "Octavia", "keep": True}]}, MOST_LISTS),
    ],
)
async def test_the_last_is_given_once(world: World, path: str, body: dict[str, Any], most: int) -> None:
    member, stranger = await world.register(), await world.register()

    async def ask() -> int:
        answer = await world.client.post(f"/api/v1/{path}", json=body, headers=member.headers)
        return answer.status_code

    for _ in range(most - 1):
        assert await ask() == 201
    answers = Counter(await asyncio.gather(*(ask() for _ in range(8))))
    assert answers == {201: 1, 409: 7}
    other = await world.client.post(f"/api/v1/{path}", json=body, headers=stranger.headers)
    assert other.status_code == 201
