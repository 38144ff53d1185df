"""An OpenAI-compatible server that answers what a test tells it to, over real HTTP."""

import json
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

Body = dict[str, Any]


class Refusal(Exception):  # noqa: N818 - an answer, not a fault of the fake
    """Answer with this status and message instead."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


class FakeServer:
    """Serves `models` and answers each chat with what `answer` makes of its body.

    Attributes:
        asked: the bodies of all chats, in order.
        pieces: in how many pieces an answer is streamed.
        finish: the reason that an answer ends with; None breaks it off.
        most_at_once: the most chats that were in hand at one time.
    """

    def __init__(
        self, answer: Callable[[Body], str] | None = None, *, models: tuple[str, ...] = ("fake",)
    ) -> None:
        self.answer = answer or (lambda body: json.dumps(obedient(body)))
        self.models = models
        self.asked: list[Body] = []
        self.pieces = 3
        self.finish: str | None = "stop"
        self.context = 100_000
        self.most_at_once = 0
        self._at_once = 0
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler_of(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    @property
    def url(self) -> str:
        """What LLM_URL is to be."""
        return f"http://127.0.0.1:{self._server.server_port}/v1"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def chat(self, body: Body) -> str:
        """The answer to one chat. Raises Refusal."""
        with self._lock:
            self.asked.append(body)
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            if body["model"] not in self.models:
                raise Refusal(404, f"The model `{body['model']}` does not exist.")
            if sum(len(message["content"]) for message in body["messages"]) > self.context:
                raise Refusal(400, f"This model's maximum context length is {self.context} tokens.")
            return self.answer(body)
        finally:
            with self._lock:
                self._at_once -= 1


def wanted(body: Body) -> dict[str, Any]:
    """The properties that the answer of a chat must have."""
    properties: dict[str, Any] = body["response_format"]["json_schema"]["schema"]["properties"]
    return properties


def obedient(body: Body) -> dict[str, Any]:
    """An answer as its schema wants it, of words that are no language's; of several the later are shorter."""
    return {key: _obedient(rule) for key, rule in wanted(body).items()}


def _obedient(rule: Mapping[str, Any]) -> str | list[str]:
    words = "lorem ipsum " * 50
    if rule["type"] == "array":
        longest = rule["items"]["maxLength"] // 4
        return [words[: longest - 3 * place] for place in range(rule["maxItems"])]
    return words[: rule["maxLength"] // 4]


def _handler_of(fake: FakeServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            data = [{"id": name, "object": "model"} for name in fake.models]
            self._send(200, json.dumps({"object": "list", "data": data}), "application/json")

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            try:
                text = fake.chat(body)
            except Refusal as refusal:
                error: Body = {"error": {"message": refusal.message, "code": refusal.status}}
                self._send(refusal.status, json.dumps(error), "application/json")
                return
            self._send(200, "".join(_stream(text, fake.pieces, fake.finish)), "text/event-stream")

        def _send(self, status: int, content: str, kind: str) -> None:
            data = content.encode()
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            pass

    return Handler


def _stream(text: str, pieces: int, finish: str | None) -> list[str]:
    size = len(text) // pieces + 1
    deltas = [{"content": text[start : start + size]} for start in range(0, len(text), size)]
    events: list[Body] = [_event(delta, None) for delta in deltas]
    if finish is not None:
        events.append(_event({}, finish))
    return [*(f"data: {json.dumps(event)}\n\n" for event in events), "data: [DONE]\n\n"]


def _event(delta: Body, finish: str | None) -> Body:
    return {"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}
