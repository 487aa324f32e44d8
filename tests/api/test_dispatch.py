"""The way of a request."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.logger import LogEvent, LogLevel


def test_request_is_logged_by_its_route(api: Any, heard: list[LogEvent]) -> None:
    """One line per request: who, what, how it ended; the path's ids only as fields."""
    api.stations.seed("A")
    api.ask("GET", "/api/v1/stations/A", headers={"X-Request-ID": "r1"})
    (event,) = heard
    assert event["log_level"] is LogLevel.info
    assert (event["method"], event["route"]) == ("GET", "/api/v1/stations/{identity}")
    assert (event["status"], event["station"], event["caller"]) == (200, "A", "test")
    assert event["request_id"] == "r1"


def test_drivers_tokens_and_secrets_are_not_logged(api: Any, heard: list[LogEvent]) -> None:
    """Neither a driver's token in a path nor the caller's secret reaches the log."""
    api.ask("PUT", "/api/v1/tokens/DRIVER7", json={"note": "NOTE7"})
    text = str(heard)
    assert "DRIVER7" not in text
    assert "NOTE7" not in text
    assert api.secrets["admin"] not in text


def test_probes_are_quiet(api: Any, heard: list[LogEvent]) -> None:
    """Health checks and strangers' guesses do not fill the log."""
    api.ask("GET", "/health")
    api.ask("GET", "/wp-login.php")
    assert {event["log_level"] for event in heard} == {LogLevel.debug}


def test_refusal_is_no_error(api: Any, heard: list[LogEvent]) -> None:
    """A refused request is told in its one line."""
    api.ask("GET", "/api/v1/stations/none")
    (event,) = heard
    assert (event["log_level"], event["status"]) == (LogLevel.info, 404)


def test_client_that_leaves_does_not_stop_the_work(api: Any) -> None:
    """A request is carried to its end although its client is gone, and nothing is logged."""
    api.stations.seed("A")
    api.operations.gate = Deferred()
    wire = api.wire()
    wire.send(api.request("POST", "/api/v1/stations/A/reset"))
    wire.hang_up()
    assert api.operations.sent == []
    api.operations.gate.callback(None)
    assert len(api.operations.sent) == 1
    assert len(api.site.in_flight) == 0


def test_client_that_leaves_before_a_failure(api: Any, logged: list[Any]) -> None:
    """A bug is logged once, whether or not somebody still waits for the answer."""
    api.stations.seed("A")
    api.operations.gate = Deferred()
    wire = api.wire()
    wire.send(api.request("POST", "/api/v1/stations/A/reset"))
    wire.hang_up()
    api.operations.gate.errback(RuntimeError("x"))
    assert len(logged) == 1
    logged.clear()


def test_client_that_leaves_within_its_body(api: Any) -> None:
    """Half a request is no request."""
    wire = api.wire()
    wire.send(api.request("PUT", "/api/v1/stations/A", b"{}", headers={})[:-1])
    wire.hang_up()
    assert api.ask("GET", "/api/v1/stations/A").status == 404


def test_slow_answer_is_sent_when_ready(api: Any) -> None:
    """The response follows the outcome."""
    api.stations.seed("A")
    api.operations.gate = Deferred()
    wire = api.wire()
    wire.send(api.request("POST", "/api/v1/stations/A/reset"))
    assert wire.reply() is None
    api.operations.gate.callback(None)
    assert wire.reply().status == 200


def test_closing_refuses_new_requests(api: Any) -> None:
    """At shutdown new work is refused with 503; health goes on answering."""
    api.site.in_flight.closing = True
    reply = api.ask("GET", "/api/v1/stations")
    assert (reply.status, reply.json["code"]) == (503, "shutting_down")
    assert reply.headers["Connection"] == "close"
    assert api.ask("GET", "/health").status == 200
