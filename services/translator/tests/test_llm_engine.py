"""Translation by a language model: what is asked, asked again, and believed."""

import asyncio
import json
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from octavia_common.cancellation import CancelToken
from octavia_common.errors import EngineUnavailableError, JobCancelledError, UnsupportedLanguageError
from octavia_translator.engine import Answer, Line, TranslationRequest
from octavia_translator.engines.llm.client import LlmAwayError, LlmClient, LlmRefusedError
from octavia_translator.engines.llm.engine import ATTEMPTS, LlmTranslator
from octavia_translator.glossary import Term
from octavia_translator.testing.fake_server import Body, FakeServer, Refusal, wanted

TABLE = {
    "The house is big.": "La casa es grande.",
    "Good morning to all of you.": "Buenos días a todos.",
    "It was built in 1984.": "Se construyó en 1984.",
}
LINES = tuple(Line(f"0-{n}", text, seconds=4.0) for n, text in enumerate(TABLE))
RIGHT = {line.id: TABLE[line.text] for line in LINES}

Script = list[Callable[[Body], dict[str, Any]] | dict[str, Any] | str]


@pytest.fixture
def server() -> Iterator[FakeServer]:
    with FakeServer() as running:
        yield running


def play(server: FakeServer, *script: Any) -> None:
    """Let the server answer so, one after another, and the last one again and again."""
    answers = list(script)

    def answer(body: Body) -> str:
        given = answers.pop(0) if len(answers) > 1 else answers[0]
        made = given(body) if callable(given) else given
        return made if isinstance(made, str) else json.dumps(made)

    server.answer = answer


def engine_on(server: FakeServer, **options: Any) -> LlmTranslator:
    engine = LlmTranslator(LlmClient(server.url, timeout_seconds=5.0), start_seconds=0.0, **options)
    engine.model = "fake"
    return engine


def translate(server: FakeServer, lines: tuple[Line, ...] = LINES, **wishes: Any) -> dict[str, str]:
    engine = engine_on(server)
    answers = engine.translate(TranslationRequest("en", "es", lines, **wishes), CancelToken())
    assert [answer.id for answer in answers] == [line.id for line in lines]
    return {answer.id: answer.text for answer in answers}


def asked_ids(server: FakeServer) -> list[list[str]]:
    return [list(wanted(body)) for body in server.asked]


def test_a_chunk_is_one_request_and_each_line_gets_its_answer(server: FakeServer) -> None:
    play(server, RIGHT)
    assert translate(server) == RIGHT
    assert asked_ids(server) == [["0-0", "0-1", "0-2"]]
    schema = server.asked[0]["response_format"]["json_schema"]["schema"]
    assert schema["required"] == ["0-0", "0-1", "0-2"]
    assert schema["additionalProperties"] is False


@pytest.mark.parametrize(
    "wrong",
    ["", "La", "The house is big.", "Дом большой и красивый.", "La casa es grande. " * 9],
    ids=["empty", "too short", "the source", "another script", "endless"],
)
def test_what_is_no_translation_is_asked_for_again_and_never_passed_on(
    server: FakeServer, wrong: str
) -> None:
    play(server, {**RIGHT, "0-0": wrong}, {"0-0": RIGHT["0-0"]})
    assert translate(server) == RIGHT
    assert asked_ids(server) == [["0-0", "0-1", "0-2"], ["0-0"]]

    server.asked.clear()
    play(server, {**RIGHT, "0-0": wrong}, {"0-0": wrong})
    assert translate(server) == {**RIGHT, "0-0": ""}
    assert len(server.asked) == ATTEMPTS == 3


def test_a_number_that_is_lost_is_asked_for_by_name(server: FakeServer) -> None:
    play(server, {**RIGHT, "0-2": "Se construyó hace tiempo."}, {"0-2": RIGHT["0-2"]})
    assert translate(server) == RIGHT
    assert "1984" in server.asked[1]["messages"][-1]["content"]


def test_missing_doubled_and_foreign_lines_are_not_believed(server: FakeServer) -> None:
    doubled = '{"0-0": "Una casa.", "0-0": "Otra casa.", "9-9": "x", "0-1": 5, "0-2": "En 1984 aún."}'
    play(server, doubled, {"0-0": RIGHT["0-0"], "0-1": RIGHT["0-1"]})
    assert translate(server) == {**RIGHT, "0-2": "En 1984 aún."}
    assert asked_ids(server)[1] == ["0-0", "0-1"]


def test_no_json_at_all_leaves_every_line_empty(server: FakeServer) -> None:
    play(server, "I am sorry, Dave.")
    assert translate(server) == {"0-0": "", "0-1": "", "0-2": ""}
    assert len(server.asked) == ATTEMPTS


def test_a_line_too_long_for_its_slot_is_asked_for_shorter_and_the_shortest_is_taken(
    server: FakeServer,
) -> None:
    line = Line("0-0", "We will meet again on the hill tomorrow at noon, my dear friends.", seconds=2.5)
    long = "Nos volveremos a encontrar en la colina mañana al mediodía, mis queridos amigos de siempre."
    shorter = "Nos veremos otra vez en la colina mañana al mediodía, mis queridos."
    fits = "Nos vemos mañana a mediodía en la colina."
    play(server, {"0-0": long}, {"0-0": shorter}, {"0-0": fits})
    assert translate(server, (line,)) == {"0-0": fits}
    first = json.loads(server.asked[0]["messages"][1]["content"])
    assert first["lines"]["0-0"]["max_characters"] == 45
    assert "39 or fewer" in server.asked[1]["messages"][-1]["content"]

    server.asked.clear()
    play(server, {"0-0": long}, {"0-0": shorter}, {"0-0": long})
    assert translate(server, (line,)) == {"0-0": shorter}
    assert len(server.asked) == ATTEMPTS


def test_asking_again_goes_on_with_the_same_conversation(server: FakeServer) -> None:
    play(server, {**RIGHT, "0-0": ""}, {"0-0": ""}, {"0-0": RIGHT["0-0"]})
    translate(server)
    first, second, third = (body["messages"] for body in server.asked)
    assert second[: len(first)] == first
    assert third[: len(second)] == second
    assert [message["role"] for message in third] == [
        "system", "user", "assistant", "user", "assistant", "user",
    ]  # fmt: skip


def test_jobs_share_the_rules_and_chunks_of_a_job_all_instructions(server: FakeServer) -> None:
    play(server, RIGHT)
    translate(server)
    other = tuple(Line(line.id, line.text, seconds=1.9) for line in LINES)
    translate(server, other)
    translate(server, formality="formal", style="like a radio host")
    same, again, wished = (body["messages"][0]["content"] for body in server.asked)
    assert same == again
    assert wished.startswith(same)
    assert "formally" in wished.removeprefix(same)
    assert "like a radio host" in wished.removeprefix(same)


def test_only_the_terms_that_occur_are_told_and_one_that_is_missing_is_asked_for(server: FakeServer) -> None:
    terms = (Term("house", "vivienda"), Term("whale", "ballena"))
    play(server, RIGHT, {"0-0": "La vivienda es grande."})
    assert translate(server, glossary=terms) == {**RIGHT, "0-0": "La vivienda es grande."}
    assert json.loads(server.asked[0]["messages"][1]["content"])["glossary"] == {"house": "vivienda"}

    play(server, RIGHT)
    assert translate(server, glossary=terms) == RIGHT, "a translation without the term is still a translation"


def test_more_lines_than_one_request_takes_go_in_parts_with_their_neighbours(server: FakeServer) -> None:
    play(server, lambda body: {key: RIGHT[key] for key in wanted(body)})
    engine = engine_on(server, lines_per_request=2)
    answers = engine.translate(TranslationRequest("en", "es", LINES), CancelToken())
    assert answers == [Answer(key, text) for key, text in RIGHT.items()]
    first, second = (json.loads(body["messages"][1]["content"]) for body in server.asked)
    assert (list(first["lines"]), first["after"]) == (["0-0", "0-1"], ["It was built in 1984."])
    assert (second["before"], list(second["lines"])) == ([LINES[0].text, LINES[1].text], ["0-2"])


def test_a_chunk_that_the_model_does_not_hold_is_halved_until_it_does(server: FakeServer) -> None:
    def answer(body: Body) -> dict[str, str]:
        if len(wanted(body)) > 1:
            raise Refusal(400, "This model's maximum context length is 100 tokens.")
        return {key: RIGHT[key] for key in wanted(body)}

    play(server, answer)
    assert translate(server) == RIGHT
    assert asked_ids(server)[1:] == [["0-0"], ["0-1", "0-2"], ["0-1"], ["0-2"]]


def test_a_line_that_alone_is_too_much_is_left_empty(server: FakeServer) -> None:
    server.finish = "length"
    play(server, RIGHT)
    assert translate(server) == {"0-0": "", "0-1": "", "0-2": ""}
    assert len(server.asked) < 8


def test_speakers_are_told_apart_where_there_are_several(server: FakeServer) -> None:
    lines = (LINES[0], Line("0-1", LINES[1].text, speaker="S2", seconds=4.0))
    play(server, {"0-0": RIGHT["0-0"], "0-1": RIGHT["0-1"]})
    translate(server, lines)
    told = json.loads(server.asked[0]["messages"][1]["content"])["lines"]
    assert [each["speaker"] for each in told.values()] == ["S1", "S2"]


@pytest.mark.parametrize(
    ("status", "error"),
    [(503, LlmAwayError), (429, LlmAwayError), (401, LlmRefusedError), (400, LlmRefusedError)],
)
def test_a_refusal_says_whether_to_try_again(server: FakeServer, status: int, error: type[Exception]) -> None:
    def answer(body: Body) -> dict[str, str]:
        raise Refusal(status, "not now")

    play(server, answer)
    with pytest.raises(error, match="not now"):
        translate(server)


def test_an_answer_that_breaks_off_is_tried_again_later(server: FakeServer) -> None:
    server.finish = None
    play(server, RIGHT)
    with pytest.raises(LlmAwayError, match="broke"):
        translate(server)


async def test_so_many_chunks_are_in_flight_and_no_more(server: FakeServer) -> None:
    def answer(body: Body) -> dict[str, str]:
        time.sleep(0.1)
        return {key: RIGHT[key] for key in wanted(body)}

    play(server, answer)
    engine = engine_on(server, threads=3)
    await engine.start()
    try:
        assert engine.abreast == 3
        request = TranslationRequest("en", "es", LINES)
        await asyncio.gather(*(engine.run(request, CancelToken()) for _ in range(9)))
    finally:
        await engine.close()
    assert server.most_at_once == 3


def test_a_job_that_ends_is_dropped_between_two_requests(server: FakeServer) -> None:
    cancel = CancelToken()

    def answer(body: Body) -> dict[str, str]:
        cancel.cancel("the job has ended")
        return dict.fromkeys(wanted(body), "")

    play(server, answer)
    with pytest.raises(JobCancelledError):
        engine_on(server).translate(TranslationRequest("en", "es", LINES), cancel)
    assert len(server.asked) == 1


async def test_a_server_that_is_still_starting_is_waited_for() -> None:
    server = FakeServer()
    engine = LlmTranslator(LlmClient(server.url, timeout_seconds=2.0), start_seconds=30.0)
    opening = threading.Timer(0.5, server.__enter__)
    opening.start()
    try:
        await engine.start()
        assert engine.model == "fake"
        await engine.close()
    finally:
        opening.join()
        server.__exit__()


@pytest.mark.parametrize(
    ("models", "model", "says"),
    [(("a", "b"), "", "set LLM_MODEL"), (("a",), "b", "does not serve b"), ((), "", "no model")],
)
async def test_a_model_that_is_not_there_is_told_at_the_start(
    models: tuple[str, ...], model: str, says: str
) -> None:
    with FakeServer(models=models) as server:
        engine = LlmTranslator(LlmClient(server.url), model=model, start_seconds=0.0)
        with pytest.raises(EngineUnavailableError, match=says):
            await engine.start()


async def test_no_server_is_told_with_what_to_do() -> None:
    with FakeServer() as server:
        url = server.url
    with pytest.raises(EngineUnavailableError, match="make vllm"):
        await LlmTranslator(LlmClient(url), start_seconds=0.0).start()


def test_named_languages_are_the_only_ones(server: FakeServer) -> None:
    engine = engine_on(server, languages=("en", "es", "vi"))
    assert engine.pairs() == {"en": ("es", "vi"), "es": ("en", "vi"), "vi": ("en", "es")}
    assert engine.params("en-US", "es")["model"] == "fake"
    with pytest.raises(UnsupportedLanguageError, match="ja"):
        engine.params("en", "ja")
    assert engine_on(server).pairs() is None


def test_several_translations_are_asked_for_and_the_good_ones_are_told(server: FakeServer) -> None:
    others = ["Buenos días.", "Muy buenos días a todos ustedes."]
    play(
        server,
        {
            "0-0": ["La casa es grande.", "La casa es grande.", "The house is big."],
            "0-1": [RIGHT["0-1"], *others],
            "0-2": ["Se construyó hace tiempo.", "Se construyó en 1984."],
        },
    )
    engine = engine_on(server, candidates=3)
    answers = engine.translate(TranslationRequest("en", "es", LINES), CancelToken())
    assert [(answer.text, answer.others) for answer in answers] == [
        ("La casa es grande.", ()),
        (RIGHT["0-1"], tuple(others)),
        # The first one lacks the number: the other is the translation, and nothing is asked for again.
        ("Se construyó en 1984.", ()),
    ]
    assert len(server.asked) == 1
    schema = server.asked[0]["response_format"]["json_schema"]["schema"]["properties"]["0-1"]
    assert (schema["type"], schema["maxItems"], schema["items"]["type"]) == ("array", 3, "string")
    assert "list of 3 translations" in server.asked[0]["messages"][0]["content"]


def test_one_translation_is_asked_for_as_ever_and_has_its_own_key(server: FakeServer) -> None:
    play(server, RIGHT)
    translate(server)
    assert "list of" not in server.asked[0]["messages"][0]["content"]
    one, three = engine_on(server), engine_on(server, candidates=3)
    assert "candidates" not in one.params("en", "es")
    assert one.params("en", "es") != three.params("en", "es")


def test_a_server_may_answer_with_fewer_or_with_one(server: FakeServer) -> None:
    play(server, RIGHT)
    engine = engine_on(server, candidates=2)
    answers = engine.translate(TranslationRequest("en", "es", LINES), CancelToken())
    assert {answer.id: answer.text for answer in answers} == RIGHT
    assert all(answer.others == () for answer in answers)


def test_for_subtitles_one_translation_is_asked_for_that_can_be_read(server: FakeServer) -> None:
    long = Line("0-0", "The house is big.", seconds=0.5)
    play(server, {"0-0": "La casa es en verdad muy grande."}, {"0-0": "Es grande."})
    engine = engine_on(server, candidates=3)
    request = TranslationRequest("en", "es", (long,), written=True)
    assert [answer.text for answer in engine.translate(request, CancelToken())] == ["Es grande."]
    rules, *_, again = [message["content"] for message in server.asked[-1]["messages"]]
    assert "subtitles" in rules
    assert "dubbing" not in rules + again
    assert "list of" not in rules
    assert "too long to be read" in again
