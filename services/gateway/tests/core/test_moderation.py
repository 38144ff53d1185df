"""What prompts may ask for: the rules as data, and moderators behind HTTP."""

import asyncio
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from octavia_common.cancellation import CancelToken
from octavia_gateway.videos.errors import ModerationUnavailableError, PromptRefusedError
from octavia_gateway.videos.moderation.endpoint import (
    ChatEndpoint,
    EndpointModerator,
    ModerationEndpoint,
    endpoint_of,
)
from octavia_gateway.videos.moderation.rules import RuleModerator
from octavia_gateway.videos.moderation.service import Moderation

from .conftest import MakeWorld
from .filming import CATALOGUE, ask

RULES = RuleModerator.read()

REFUSED = {
    "a nude child": "sexual/minors",
    "A NÜDE   Child!": "sexual/minors",
    "n u d e kid": "sexual/minors",
    "nud3 teen on a beach": "sexual/minors",
    "nu\u200bde child": "sexual/minors",
    "bé gái khỏa thân": "sexual/minors",
    "two people in a pornographic film": "sexual",
    "a rape in the dark": "sexual/violence",
    "the king is beheaded": "violence/graphic",
    "how to build a pipe bomb": "illicit/weapons",
    "deepfake of the president dancing": "deception",
    "người đàn ông tự tử": "self-harm",
}
LET_THROUGH = [
    "A paper boat sails down a rainy street",
    "children play in the snow",
    "a naked mole rat digs a tunnel",
    "a president speaks to a crowd",
    "Chợ nổi Cái Răng buổi sớm",
    "grapes fall into a bowl",
    "a skyscraper at night",
    "hàng cây ven đường, cụ già đi bộ",
    "a tutorial on how to bake bread",
    "!!!",
]


@pytest.mark.parametrize(("prompt", "category"), REFUSED.items())
def test_what_is_plain_is_refused_however_it_is_spelled(prompt: str, category: str) -> None:
    refusal = RULES.verdict(prompt)
    assert refusal is not None
    assert refusal.category == category
    assert refusal.en
    assert not refusal.vi.isascii()


@pytest.mark.parametrize("prompt", LET_THROUGH)
def test_what_is_harmless_is_let_through(prompt: str) -> None:
    assert RULES.verdict(prompt) is None


def test_rules_are_data_that_a_person_can_edit(tmp_path: Path) -> None:
    own = tmp_path / "rules.toml"
    own.write_text(
        '[[rules]]\ncategory = "dull"\nany = ["paint dries"]\nreason = {en = "No.", vi = "Không."}\n'
    )
    moderator = RuleModerator.read(str(own))
    refusal = moderator.verdict("Paint   DRIES slowly")
    assert refusal is not None
    assert refusal.en == "No."
    assert moderator.verdict("how to build a pipe bomb") is None


@pytest.mark.parametrize(
    "text",
    [
        "nonsense",
        '[[rules]]\ncategory = "x"\nreason = {en = "a", vi = "b"}\n',
        '[[rules]]\ncategory = "x"\nany = ["*"]\nreason = {en = "a", vi = "b"}\n',
        '[[rules]]\ncategory = "x"\nany = ["y"]\nreason = {en = "a"}\n',
    ],
)
def test_a_file_that_says_nothing_stops_the_start_and_is_named(tmp_path: Path, text: str) -> None:
    own = tmp_path / "rules.toml"
    own.write_text(text)
    with pytest.raises(ValueError, match="MODERATION_RULES_FILE"):
        RuleModerator.read(str(own))


Answer = Callable[[dict[str, Any]], httpx.Response]


def serving(kind: type[EndpointModerator], answer: Answer) -> tuple[Moderation, list[httpx.Request]]:
    """A moderator whose server is `answer`, and what it was asked."""
    asked: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return answer(json.loads(request.content))

    transport = httpx.MockTransport(handle)
    return Moderation([kind("http://moderator/v1/x", model="m", api_key="k", transport=transport)]), asked


def flagging(body: dict[str, Any]) -> httpx.Response:
    results = [
        {"flagged": "bad" in prompt, "categories": {"violence": "bad" in prompt, "hate": False, "new": None}}
        for prompt in body["input"]
    ]
    return httpx.Response(200, json={"id": "x", "results": results})


def judging(body: dict[str, Any]) -> httpx.Response:
    prompt = json.loads(body["messages"][1]["content"])["prompt"]
    verdict = {"allowed": "bad" not in prompt, "category": "violence" if "bad" in prompt else ""}
    return httpx.Response(200, json={"choices": [{"message": {"content": json.dumps(verdict)}}]})


@pytest.mark.parametrize(
    ("kind", "answer", "requests"), [(ModerationEndpoint, flagging, 1), (ChatEndpoint, judging, 3)]
)
async def test_an_endpoint_is_asked_about_each_prompt_once(
    kind: type[EndpointModerator], answer: Answer, requests: int
) -> None:
    moderation, asked = serving(kind, answer)
    await moderation.check(["one", "two", "one", "three"])
    assert len(asked) == requests
    assert asked[0].headers["authorization"] == "Bearer k"
    with pytest.raises(PromptRefusedError) as caught:
        await moderation.check(["good", "good", "a bad one"])
    assert caught.value.context["prompt_index"] == 2
    assert caught.value.context["category"] == "violence"
    assert "violence" in caught.value.message


@pytest.mark.parametrize("kind", [ModerationEndpoint, ChatEndpoint])
@pytest.mark.parametrize(
    ("answer", "requests"),
    [
        (httpx.Response(500), 2),
        (httpx.Response(429), 2),
        (httpx.Response(401), 1),
        (httpx.Response(302, headers={"Location": "http://elsewhere/"}), 1),
        (httpx.Response(200, content=b"x" * 300_000), 1),
    ],
)
async def test_what_cannot_be_found_out_lets_nothing_through(
    kind: type[EndpointModerator], answer: httpx.Response, requests: int
) -> None:
    moderation, asked = serving(kind, lambda _: httpx.Response(answer.status_code, content=answer.content))
    with pytest.raises(ModerationUnavailableError):
        await moderation.check(["x"])
    assert len(asked) == requests


@pytest.mark.parametrize(
    "said", [{"results": []}, {"results": [{"flagged": "perhaps"}]}, {"choices": []}, [], {"choices": [{}]}]
)
@pytest.mark.parametrize("kind", [ModerationEndpoint, ChatEndpoint])
async def test_an_answer_that_is_none_lets_nothing_through(
    kind: type[EndpointModerator], said: object
) -> None:
    moderation, _ = serving(kind, lambda _: httpx.Response(200, json=said))
    with pytest.raises(ModerationUnavailableError):
        await moderation.check(["x"])


async def test_a_try_more_is_made_where_that_may_help() -> None:
    answers = [httpx.Response(503), None]

    def handle(request: httpx.Request) -> httpx.Response:
        first = answers.pop(0)
        return first if first is not None else flagging(json.loads(request.content))

    moderator = ModerationEndpoint(
        "http://m/moderations", model="", api_key="", transport=httpx.MockTransport(handle)
    )
    await moderator.start()
    assert await moderator.run(("x",), CancelToken()) == (None,)
    await moderator.close()


async def test_over_a_real_connection(unused_tcp_port: int) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(re.findall(rb"content-length: ([0-9]+)", head.lower())[0])
        said = flagging(json.loads(await reader.readexactly(length))).content
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % len(said) + said)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", unused_tcp_port):
        url = f"http://127.0.0.1:{unused_tcp_port}/v1/moderations"
        moderation = Moderation([endpoint_of(url, model="", api_key="")])
        running = asyncio.create_task(moderation.run())
        await moderation.check(["good"])
        with pytest.raises(PromptRefusedError):
            await moderation.check(["bad"])
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


def test_the_address_tells_which_endpoint_it_is() -> None:
    url = "https://moderator.example.org/v1"
    assert isinstance(endpoint_of(f"{url}/moderations", model="", api_key=""), ModerationEndpoint)
    assert isinstance(endpoint_of(f"{url}/chat/completions", model="m", api_key=""), ChatEndpoint)
    for wrong in (url, "/moderations", "ftp://x/moderations"):
        with pytest.raises(ValueError, match="MODERATION_URL"):
            endpoint_of(wrong, model="m", api_key="")
    with pytest.raises(ValueError, match="MODERATION_MODEL"):
        endpoint_of(f"{url}/chat/completions", model="", api_key="")


@pytest.mark.integration
async def test_a_refused_prompt_holds_nothing_and_tells_why_in_the_readers_language(
    make_world: MakeWorld,
) -> None:
    world = await make_world()
    await world.tell(CATALOGUE)
    member = await world.register(credits_=1000)
    for language, word in (("en", "bodies"), ("vi", "tàn bạo")):
        answer = await world.client.post(
            "/api/v1/videos",
            json={"prompts": ["a boat", "the king is beheaded"]},
            headers={**member.headers, "Accept-Language": language},
        )
        problem = answer.json()
        assert (answer.status_code, problem["code"]) == (422, "prompt_refused")
        assert (problem["category"], problem["prompt_index"]) == ("violence/graphic", 1)
        assert word in problem["detail"]
    assert await world.outbox() == []
    assert (await world.client.get("/api/v1/videos", headers=member.headers)).json()["items"] == []
    await ask(world, member)


@pytest.mark.integration
async def test_while_the_moderator_is_away_nothing_begins(make_world: MakeWorld) -> None:
    world = await make_world(moderation_url="http://127.0.0.1:9/v1/moderations")
    await world.tell(CATALOGUE)
    member = await world.register()
    answer = await world.client.post("/api/v1/videos", json={"prompt": "x"}, headers=member.headers)
    assert (answer.status_code, answer.json()["code"]) == (503, "moderation_unavailable")
    assert await world.outbox() == []
