"""A client of OpenAI's chat completions, for threads: as little of it as a translator needs."""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
from octavia_common.cancellation import CancelToken
from octavia_common.errors import OctaviaError, TransientError

MAX_ANSWER_BYTES = 1024 * 1024
_TOO_LONG = ("context length", "context_length_exceeded", "maximum context", "max_model_len", "too long")
_CONNECT_SECONDS = 10.0


class LlmAwayError(TransientError):
    """The server does not answer, answers too late, or says that it cannot now."""

    code = "llm_away"


class LlmRefusedError(TransientError):
    """The server understood and refused: key, model or request are not to its liking.

    No fault of the job, which waits for its operator within its tries.
    """

    code = "llm_refused"


class TooMuchTextError(OctaviaError):
    """Question and answer together are more than the model holds: ask for fewer lines at once."""

    code = "llm_context_exceeded"


@dataclass(frozen=True)
class Question:
    """One request: the conversation so far, and the JSON schema of the answer; at 0 the likeliest one."""

    messages: Sequence[Mapping[str, str]]
    schema: Mapping[str, Any]
    temperature: float = 0.0


class LlmClient:
    """Talks to one server. Any thread may ask; `connections` bounds how many do at once.

    Answers are streamed: a server that stops is noticed, a job that has ended is dropped (vLLM then stops
    computing), and memory is bounded.
    """

    def __init__(
        self,
        url: str,
        *,
        key: str = "",
        timeout_seconds: float = 120.0,
        connections: int = 8,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        """`timeout_seconds` bounds one answer as a whole."""
        self.url = url.rstrip("/")
        self._timeout = timeout_seconds
        self._http = httpx.Client(
            headers={"Authorization": f"Bearer {key}"} if key else {},
            timeout=httpx.Timeout(timeout_seconds, connect=_CONNECT_SECONDS),
            limits=httpx.Limits(max_connections=connections + 1, max_keepalive_connections=connections),
            transport=transport,
            trust_env=False,
        )

    def close(self) -> None:
        """Close all connections."""
        self._http.close()

    def models(self) -> list[str]:
        """The names of the models it serves. Raises LlmAwayError, LlmRefusedError."""
        with self._errors():
            answer = self._http.get(f"{self.url}/models", timeout=_CONNECT_SECONDS)
            _raise_for(answer)
            return [str(each["id"]) for each in answer.json()["data"]]

    def ask(self, model: str, question: Question, cancel: CancelToken) -> str:
        """The text of the answer.

        Raises LlmAwayError, LlmRefusedError, TooMuchTextError, and JobCancelledError where `cancel` says so.
        """
        body = {
            "model": model,
            "messages": list(question.messages),
            "temperature": question.temperature,
            "stream": True,
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "translation", "strict": True, "schema": question.schema},
            },
        }
        with self._errors(), self._http.stream("POST", f"{self.url}/chat/completions", json=body) as answer:
            if answer.status_code != httpx.codes.OK:
                answer.read()
                _raise_for(answer)
            return self._collect(answer, cancel)

    def _collect(self, answer: httpx.Response, cancel: CancelToken) -> str:
        deadline = time.monotonic() + self._timeout
        text, size, finished = [], 0, None
        for event in _events(answer):
            cancel.raise_if_cancelled()
            if time.monotonic() > deadline:
                raise LlmAwayError(f"The model took longer than {self._timeout:.0f} s over an answer.")
            if "error" in event:
                raise LlmAwayError(f"The model's server gave up an answer: {event['error']}")
            for choice in event.get("choices", ())[:1]:
                piece = choice.get("delta", {}).get("content") or ""
                text.append(piece)
                size += len(piece)
                finished = choice.get("finish_reason") or finished
            if size > MAX_ANSWER_BYTES:
                raise LlmAwayError(f"The model's answer is longer than {MAX_ANSWER_BYTES} characters.")
        if finished is None:
            raise LlmAwayError("The model's server broke an answer off.")
        if finished == "length":
            raise TooMuchTextError("The model's answer does not fit into its context.")
        return "".join(text)

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """Vendor's errors become ours."""
        try:
            yield
        except httpx.TimeoutException:
            raise LlmAwayError(f"{self.url} does not answer in time.") from None
        except httpx.HTTPError as error:
            raise LlmAwayError(f"{self.url} cannot be reached: {error!r}") from None
        except (ValueError, KeyError, TypeError) as error:
            raise LlmAwayError(f"{self.url} does not answer as OpenAI's API does: {error!r}") from None


def _events(answer: httpx.Response) -> Iterator[dict[str, Any]]:
    """The events of a stream (`data: {…}` lines until `data: [DONE]`)."""
    for line in answer.iter_lines():
        name, _, data = line.partition(":")
        data = data.strip()
        if name == "data" and data and data != "[DONE]":
            yield json.loads(data)


def _raise_for(answer: httpx.Response) -> None:
    """Raises what an answer's status means, with what its server says."""
    if answer.is_success:
        return
    said = answer.text[:500]
    status = answer.status_code
    if status in (400, 413, 422) and any(sign in said.lower() for sign in _TOO_LONG):
        raise TooMuchTextError("The model does not hold so much text at once.")
    if status in (408, 409, 425, 429) or status >= 500:
        raise LlmAwayError(f"The model's server answers {status}: {said}")
    raise LlmRefusedError(f"The model's server answers {status}: {said}")
