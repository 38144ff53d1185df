"""One OpenTelemetry trace a job: its context travels in a `traceparent` header of every event."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType
from uuid import UUID

from opentelemetry import context as otel_context
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ALWAYS_ON, ParentBased
from opentelemetry.trace import Link, Tracer
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from octavia_common.messaging.headers import TRACEPARENT

_PROPAGATOR = TraceContextTextMapPropagator()

_ARRIVED: ContextVar[Mapping[UUID, str]] = ContextVar("octavia_arrived", default=MappingProxyType({}))


def configure_tracing(service: str, otlp_endpoint: str) -> TracerProvider:
    """Make the process's tracer provider; spans are exported only where an endpoint is given."""
    provider = TracerProvider(
        resource=Resource.create({"service.name": f"octavia-{service}"}),
        # Without an endpoint nothing is recorded; trace ids are made and handed on all the same.
        sampler=ParentBased(ALWAYS_ON) if otlp_endpoint else ALWAYS_OFF,
    )
    if otlp_endpoint:
        # Costs a good part of a second to import, so only those who export pay for it.
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

        exporter = OTLPSpanExporter(endpoint=f"{otlp_endpoint.rstrip('/')}/v1/traces")
        provider.add_span_processor(BatchSpanProcessor(exporter, schedule_delay_millis=1000))
    trace.set_tracer_provider(provider)
    return provider


def tracer() -> Tracer:
    """The platform's tracer."""
    return trace.get_tracer("octavia")


def current_traceparent() -> str:
    """The W3C `traceparent` of the current span, or an empty string outside any."""
    carrier: dict[str, str] = {}
    _PROPAGATOR.inject(carrier)
    return carrier.get(TRACEPARENT, "")


def context_of(headers: Mapping[str, str]) -> Context:
    """The trace context that an event's headers carry."""
    return _PROPAGATOR.extract(headers, context=otel_context.Context())


def links_to(contexts: Sequence[Context]) -> list[Link]:
    """Links to the spans of `contexts`, for a span that joins several."""
    found = (trace.get_current_span(context).get_span_context() for context in contexts)
    return [Link(span) for span in found if span.is_valid]


@contextmanager
def arriving(traceparents: Mapping[UUID, str]) -> Iterator[None]:
    """For the block: the events of the batch in hand came with these traces, event id → `traceparent`."""
    token = _ARRIVED.set(traceparents)
    try:
        yield
    finally:
        _ARRIVED.reset(token)


def traceparent_of(event_id: UUID) -> str:
    """The `traceparent` that an event of the batch in hand came with, or an empty string."""
    return _ARRIVED.get().get(event_id, "")


def joined(name: str, *, after: str, of: Sequence[str], attributes: Mapping[str, str | int]) -> None:
    """Record a join: a span without length in the trace of `after`, with links to the spans it joins."""
    contexts = [context_of({TRACEPARENT: traceparent}) for traceparent in of]
    tracer().start_span(
        name, context=context_of({TRACEPARENT: after}), links=links_to(contexts), attributes=dict(attributes)
    ).end()
