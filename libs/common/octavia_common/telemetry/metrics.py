"""Prometheus metrics that every service has; operators look here first."""

from prometheus_client import Counter, Gauge, Histogram

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 900)

HANDLED = Counter(
    "octavia_events_handled_total", "Events taken off Kafka, by what became of them.", ["consumer", "outcome"]
)
HANDLER_SECONDS = Histogram(
    "octavia_handler_seconds", "Time one event or batch was worked on.", ["consumer"], buckets=_SECONDS
)
EVENT_AGE_SECONDS = Histogram(
    "octavia_event_age_seconds", "Age of an event when its work began.", ["consumer"], buckets=_SECONDS
)
DEAD_LETTERS = Counter("octavia_dead_letters_total", "Events given up on.", ["consumer", "reason"])
CONSUMER_STOPPED = Gauge(
    "octavia_consumer_stopped", "1 where a consumer met too many broken events and stopped.", ["consumer"]
)
CONSUMER_WAITING = Gauge(
    "octavia_consumer_waiting",
    "1 while a batch cannot be applied because of its surroundings, and is tried again.",
    ["consumer"],
)
RETRIES = Counter("octavia_retries_total", "Events put aside to be tried again.", ["consumer"])
OUTBOX_AGE_SECONDS = Gauge(
    "octavia_outbox_oldest_seconds", "Age of the oldest event not yet sent.", ["schema"]
)
OUTBOX_SENT = Counter("octavia_outbox_sent_total", "Events sent by the relay.", ["schema"])
ENGINE_SECONDS = Histogram(
    "octavia_engine_seconds", "Time of one engine call.", ["kind", "engine", "outcome"], buckets=_SECONDS
)
ARTIFACTS = Counter(
    "octavia_artifacts_total", "Artifacts asked for: made anew, or found already made.", ["stage", "how"]
)
