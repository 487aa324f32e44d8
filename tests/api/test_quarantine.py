"""What could not be read, over HTTP."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec.structs import replace

from csms.core.quarantine import QuarantinedMessage

T0 = datetime(2026, 3, 1, 12, tzinfo=UTC)
STOP = QuarantinedMessage(
    id=1,
    identity="CP1",
    received_at=T0,
    action="StopTransaction",
    fault="type: meterStop: is not of type integer",
    content='[2,"1","StopTransaction",{}]',
)


def test_of_a_station_and_of_all(api: Any) -> None:
    """The newest first; a stranger's are nobody's."""
    for identity in ("CP1", "CP2"):
        api.stations.seed(identity)
    api.quarantine.seed(STOP)
    other = replace(STOP, id=2, identity="CP2", received_at=T0 + timedelta(minutes=1))
    api.quarantine.seed(replace(other, action="TransactionEvent"))
    api.quarantine.seed(replace(STOP, id=3), operator_id=2)
    (own,) = api.ask("GET", "/api/v1/stations/CP1/quarantine").json["items"]
    assert own["content"] == STOP.content
    assert own["received_at"] == "2026-03-01T12:00:00.000Z"
    everywhere = api.ask("GET", "/api/v1/quarantine").json["items"]
    assert [message["station"] for message in everywhere] == ["CP2", "CP1"]
    stops = api.ask("GET", "/api/v1/quarantine?action=StopTransaction").json["items"]
    assert [message["id"] for message in stops] == [1]
    late = api.ask("GET", "/api/v1/quarantine?received_from=2026-03-01T12:00:30Z").json["items"]
    assert [message["id"] for message in late] == [2]
    early = api.ask("GET", "/api/v1/quarantine?received_to=2026-03-01T12:00:30Z").json["items"]
    assert [message["id"] for message in early] == [1]
    assert api.ask("GET", "/api/v1/stations/CP9/quarantine").status == 404
