"""One OpenTelemetry trace a job: its context travels in a `traceparent` header of every event."""

from collections.abc import Mapping, Sequence

from opentelemetry import context as otel_context
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ALWAYS_ON, ParentBased
from opentelemetry.trace import Link, Tracer
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

_PROPAGATOR = TraceContextTextMapPropagator()


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
    return carrier.get("traceparent", "")


def context_of(headers: Mapping[str, str]) -> Context:
    """The trace context that an event's headers carry."""
    return _PROPAGATOR.extract(headers, context=otel_context.Context())


def links_to(contexts: Sequence[Context]) -> list[Link]:
    """Links to the spans of `contexts`, for a span that joins several."""
    found = (trace.get_current_span(context).get_span_context() for context in contexts)
    return [Link(span) for span in found if span.is_valid]
