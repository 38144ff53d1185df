"""An OpenTelemetry collector for tests: takes OTLP over HTTP and keeps the spans."""

import gzip
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)


@dataclass(frozen=True)
class Span:
    """One span; times are seconds since the epoch, `links` the (trace, span) ids of those it refers to."""

    service: str
    name: str
    trace_id: str
    span_id: str
    parent_id: str
    start: float
    end: float
    links: tuple[tuple[str, str], ...]
    attributes: dict[str, str] = field(compare=False)


class Collector:
    """Listens on a free port of the loopback."""

    def __init__(self) -> None:
        self._spans: list[Span] = []
        self._lock = threading.Lock()
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.headers.get("Content-Encoding") == "gzip":
                    body = gzip.decompress(body)
                collector.take(ExportTraceServiceRequest.FromString(body))
                answer = ExportTraceServiceResponse().SerializeToString()
                self.send_response(200)
                self.send_header("Content-Type", "application/x-protobuf")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: object) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def endpoint(self) -> str:
        """What services put into OTLP_ENDPOINT."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def take(self, request: ExportTraceServiceRequest) -> None:
        """Keep the spans of one export."""
        spans = [
            Span(
                service=next(
                    a.value.string_value for a in resource.resource.attributes if a.key == "service.name"
                ),
                name=span.name,
                trace_id=span.trace_id.hex(),
                span_id=span.span_id.hex(),
                parent_id=span.parent_span_id.hex(),
                start=span.start_time_unix_nano / 1e9,
                end=span.end_time_unix_nano / 1e9,
                links=tuple((link.trace_id.hex(), link.span_id.hex()) for link in span.links),
                attributes={a.key: a.value.string_value or str(a.value.int_value) for a in span.attributes},
            )
            for resource in request.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]
        with self._lock:
            self._spans.extend(spans)

    def of_job(self, job_id: str) -> list[Span]:
        """All spans so far that say they are about a job."""
        with self._lock:
            return [span for span in self._spans if span.attributes.get("octavia.subject") == job_id]

    def of_trace(self, trace_id: str) -> list[Span]:
        """All spans so far of a trace, by their start."""
        with self._lock:
            return sorted((s for s in self._spans if s.trace_id == trace_id), key=lambda span: span.start)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
