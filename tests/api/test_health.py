"""Health and readiness."""

from __future__ import annotations

from typing import Any

from csms import __version__
from csms.core.ports import Readiness


def test_health(api: Any) -> None:
    """The process is alive; how long, which version, how many stations."""
    api.reactor.advance(90)
    reply = api.ask("GET", "/health", role=None)
    assert reply.json == {
        "status": "ok",
        "version": __version__,
        "uptime_s": 90.0,
        "connected": 2,
    }


def test_health_without_gateway(api: Any) -> None:
    """A process without a gateway has no number of stations to tell."""
    api.links = None
    assert api.reconfigured().ask("GET", "/health").json["connected"] is None


def test_ready(api: Any) -> None:
    """All parts work."""
    reply = api.ask("GET", "/readyz", role=None)
    assert (reply.status, reply.json) == (200, {"ready": True, "parts": {"database": "ok"}})


def test_not_ready(api: Any) -> None:
    """503 tells a load balancer to go elsewhere, and which part is at fault."""
    api.health.answer = Readiness(ready=False, parts={"database": "unreachable"})
    reply = api.ask("GET", "/readyz", role=None)
    assert (reply.status, reply.json["parts"]) == (503, {"database": "unreachable"})
