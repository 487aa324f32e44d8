"""What meters tell of no session, through the real process."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest

from csms.testing.charger import Charger, NewerCharger
from csms.testing.process import RunningCsms

pytestmark = pytest.mark.e2e

TIMES = ["2026-03-01T12:00:00.000Z", "2026-03-01T12:15:00.000Z", "2026-03-01T12:30:00.000Z"]
CURRENT = "Current.Import"


@pytest.fixture(params=["1.6", "2.0.1", "2.1"])
def meters(request: pytest.FixtureRequest, server: RunningCsms) -> Iterator[str]:
    """The path of the readings of a station whose main meter was read three times, and the meter
    of its first EVSE once."""
    version = request.param
    identity = f"METERS-{version}"
    url = server.ocpp_url(identity)
    kind = Charger if version == "1.6" else NewerCharger
    with kind.connect(url, subprotocols=(f"ocpp{version}",)) as cp:
        cp.boot()
        for number, at in enumerate(TIMES):
            assert cp.call("MeterValues", metered(version, 0, at, 1000 + number)) == {}
        assert cp.call("MeterValues", metered(version, 1, TIMES[1], 16.5, CURRENT)) == {}
        yield f"/api/v1/stations/{identity}/meter-values"


def metered(
    version: str, evse: int, at: str, value: float, measurand: str | None = None
) -> dict[str, Any]:
    """MeterValues of one sample; an energy register unless it is told otherwise."""
    old = version == "1.6"
    sample: dict[str, Any] = {"value": str(value) if old else value}
    if measurand is not None:
        sample["measurand"] = measurand
        sample.update({"unit": "A"} if old else {"unitOfMeasure": {"unit": "A"}})
    values = [{"timestamp": at, "sampledValue": [sample]}]
    return {"connectorId" if old else "evseId": evse, "meterValue": values}


def test_meter_values_of_a_station(server: RunningCsms, meters: str) -> None:
    """They are listed, newest first and by the page; by EVSE, by what was measured, by time."""
    found = server.get(meters)["items"]
    assert [each["taken_at"] for each in found] == [TIMES[2], TIMES[1], TIMES[1], TIMES[0]]
    main = server.get(f"{meters}?evse_id=0")["items"]
    assert [each["energy_wh"] for each in main] == [1002, 1001, 1000]
    assert {each["evse_id"] for each in main} == {0}
    (current,) = server.get(f"{meters}?measurand={CURRENT}")["items"]
    assert (current["evse_id"], current["samples"][0]["value"]) == (1, 16.5)
    energy = server.get(f"{meters}?measurand=Energy.Active.Import.Register")["items"]
    assert energy == main
    span = f"taken_from={quote(TIMES[0])}&taken_to={quote(TIMES[1])}"
    assert server.get(f"{meters}?{span}")["items"] == [main[2]]
    page = server.get(f"{meters}?limit=3")
    rest = server.get(f"{meters}?limit=3&cursor={page['next_cursor']}")
    assert [*page["items"], *rest["items"]] == found
    assert rest["next_cursor"] is None


def test_readings_of_a_session_are_not_among_them(server: RunningCsms) -> None:
    """They have a list of their own."""
    with NewerCharger.connect(server.ocpp_url("METERS-SESSION")) as cp:
        cp.boot()
        transaction = cp.start("TAG")
        cp.stop(transaction, 1500)
    assert server.get("/api/v1/stations/METERS-SESSION/meter-values")["items"] == []
    assert server.request("GET", "/api/v1/stations/METERS-NOBODY/meter-values").status == 404
