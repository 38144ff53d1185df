"""What the translator relies on in a model's server. The fake passes it, and so does vLLM itself."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from octavia_common.cancellation import CancelToken
from octavia_common.errors import JobCancelledError

from octavia_translator.engine import Line, TranslationRequest
from octavia_translator.engines.llm import prompt
from octavia_translator.engines.llm.client import LlmClient, LlmRefusedError, Question, TooMuchTextError
from octavia_translator.engines.llm.engine import LlmTranslator

LINES = (
    Line("0-0", "The house is big.", seconds=3.0),
    Line("0-1", "Good morning to all of you.", seconds=3.0),
    Line("0-2", "We meet again on the hill.", seconds=3.0),
)


def question(*lines: Line) -> Question:
    """Asks for the lines in Spanish."""
    asked = lines or LINES
    return Question(prompt.opening(TranslationRequest("en", "es", asked), asked), prompt.answer_schema(asked))


class ServerSuite:
    """A subclass in a test module gives the fixtures `url` and `model`."""

    @pytest.fixture
    def client(self, url: str) -> LlmClient:
        return LlmClient(url, timeout_seconds=60.0)

    def test_it_names_its_models(self, client: LlmClient, model: str) -> None:
        assert client.models() == [model]

    def test_an_answer_has_each_line_once_and_none_too_long(self, client: LlmClient, model: str) -> None:
        pairs = json.loads(client.ask(model, question(), CancelToken()), object_pairs_hook=tuple)
        assert [key for key, _ in pairs] == [line.id for line in LINES]
        assert all(
            isinstance(text, str) and len(text) <= prompt.longest(line)
            for line, (_, text) in zip(LINES, pairs, strict=True)
        )

    def test_a_conversation_goes_on_with_fewer_lines(self, client: LlmClient, model: str) -> None:
        first = question()
        said = client.ask(model, first, CancelToken())
        faults = [prompt.Fault(LINES[1], "x", "It is too long.")]
        messages = [*first.messages, {"role": "assistant", "content": said}, prompt.again(faults)]
        second = Question(messages, prompt.answer_schema(LINES[1:2]), temperature=0.3)
        assert list(prompt.parse(client.ask(model, second, CancelToken()), LINES)) == ["0-1"]

    def test_a_model_that_it_does_not_have_is_refused(self, client: LlmClient) -> None:
        with pytest.raises(LlmRefusedError):
            client.ask("another", question(), CancelToken())

    def test_more_than_the_model_holds_is_told_apart_from_other_faults(
        self, client: LlmClient, model: str
    ) -> None:
        much = Line("0-0", "All work and no play. " * 6000, seconds=3.0)
        with pytest.raises(TooMuchTextError):
            client.ask(model, question(much), CancelToken())

    def test_an_ended_job_is_not_waited_for(self, client: LlmClient, model: str) -> None:
        cancel = CancelToken()
        cancel.cancel("the job has ended")
        with pytest.raises(JobCancelledError):
            client.ask(model, question(), cancel)

    def test_many_chunks_at_once_each_get_their_own_answer(self, client: LlmClient, model: str) -> None:
        begin = threading.Barrier(6)

        def ask(number: int) -> list[str]:
            line = Line(f"{number}-0", "Good morning to all of you.", seconds=3.0)
            begin.wait(30)
            return list(prompt.parse(client.ask(model, question(line), CancelToken()), [line]))

        with ThreadPoolExecutor(6) as pool:
            assert list(pool.map(ask, range(6))) == [[f"{number}-0"] for number in range(6)]

    async def test_the_engine_starts_on_it_and_answers_every_line(self, url: str, model: str) -> None:
        engine = LlmTranslator(LlmClient(url), threads=2)
        await engine.start()
        try:
            assert engine.published().model == model
            answers = await engine.run(TranslationRequest("en", "es", LINES), CancelToken())
            assert [answer.id for answer in answers] == [line.id for line in LINES]
        finally:
            await engine.close()
