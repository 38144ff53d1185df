"""How the gateway's event streams bear a crowd of readers, beside FastAPI's own streams."""

from octavia_benchmarks.live.delivery import measure

__all__ = ["measure"]
