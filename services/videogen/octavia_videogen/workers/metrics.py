"""What operators look at first."""

from prometheus_client import Counter, Gauge, Histogram

TASKS = Gauge("octavia_videogen_tasks", "Videos that are not over, by what has to be done next.", ["stage"])
ORDERS = Counter(
    "octavia_videogen_orders_total", "Orders sent to the provider, by what became of them.", ["outcome"]
)
LOOKS = Counter(
    "octavia_videogen_looks_total", "Reads of the provider's record, by what was found.", ["outcome"]
)
FETCHES = Counter(
    "octavia_videogen_fetches_total", "Results brought home, by what became of it.", ["outcome"]
)
HINTS = Counter(
    "octavia_videogen_callbacks_total", "Call-backs heard of, by whether they named a video.", ["known"]
)
LATE = Counter("octavia_videogen_late_successes_total", "Videos that came after their hold was released.")
SECONDS = Histogram(
    "octavia_videogen_provider_seconds",
    "Time from the order of a video to the provider's success.",
    buckets=(1, 5, 10, 30, 60, 120, 300, 600, 1200, 1800, 3600),
)
