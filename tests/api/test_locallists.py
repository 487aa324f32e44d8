"""Local authorization lists over REST."""

from __future__ import annotations

from typing import Any

import pytest

from csms.core.commands import Outcome
from csms.core.locallists.vocabulary import (
    ConfirmList,
    KeyedEntry,
    ListEntry,
    ReadLocalListVersion,
    SendLocalList,
)
from csms.core.values import TokenStatus

PATH = "/api/v1/stations/cp-1/local-list"
A = {"id_token": "A"}


@pytest.fixture(autouse=True)
def station(api: Any) -> Any:
    """Station cp-1."""
    return api.stations.seed("cp-1", connected=True)


def test_unmanaged(api: Any) -> None:
    """Of a list that nobody ever spoke of nothing is known."""
    told = api.ask("GET", PATH).json
    assert (told["station"], told["mode"], told["status"], told["version"]) == (
        "cp-1",
        None,
        "unmanaged",
        None,
    )


def test_put(api: Any) -> None:
    """PUT says what the list shall be."""
    whole = {
        "id_token": "B",
        "kind": "eMAID",
        "status": "Blocked",
        "group_id": "G",
        "expires_at": "2027-01-01T01:00:00+01:00",
    }
    told = api.ask("PUT", PATH, json={"entries": [A, whole]}).json
    assert (told["mode"], told["status"], told["entries"], told["differing"]) == (
        "manual",
        "stale",
        2,
        2,
    )
    items = api.ask("GET", f"{PATH}/entries").json["items"]
    assert [each["held"] for each in items] == [None, None]
    assert sorted((each["wanted"] for each in items), key=str) == sorted(
        (
            {
                "id_token": "A",
                "kind": "ISO14443",
                "status": "Accepted",
                "group_id": None,
                "expires_at": None,
            },
            {**whole, "expires_at": "2027-01-01T00:00:00.000Z"},
        ),
        key=str,
    )


def test_tokens(api: Any) -> None:
    """The list can be made of the operator's tokens."""
    api.tokens.seed("TAG")
    told = api.ask("PUT", PATH, json={"source": "tokens"}).json
    assert (told["mode"], told["entries"]) == ("tokens", 1)
    reply = api.ask("PATCH", PATH, json={"put": [A]})
    assert (reply.status, reply.json["code"]) == (409, "not_manual")
    reply = api.ask("PUT", PATH, json={"source": "tokens", "entries": [A]})
    assert (reply.status, reply.json["field"]) == (422, "entries")


def test_patch(api: Any) -> None:
    """PATCH puts and takes off."""
    api.ask("PUT", PATH, json={"entries": [A, {"id_token": "B"}]})
    told = api.ask("PATCH", PATH, json={"put": [{"id_token": "C"}], "remove": ["a", "b"]}).json
    assert told["entries"] == 1


@pytest.mark.parametrize(
    ("method", "body", "field"),
    [
        ("PUT", {"entries": [A, {"id_token": "a"}]}, "entries[1].id_token"),
        ("PUT", {"entries": [{"id_token": ""}]}, "entries[0].id_token"),
        ("PUT", {"entries": [{**A, "status": "Fine"}]}, "entries[0].status"),
        (
            "PUT",
            {"entries": [{**A, "expires_at": "0001-01-01T00:00:00Z"}]},
            "entries[0].expires_at",
        ),
        ("PUT", {"source": "nowhere"}, "source"),
        ("PATCH", {"put": [A, A]}, "put[1].id_token"),
        ("PATCH", {"remove": [""]}, "remove[0]"),
    ],
)
def test_wrong_wishes(api: Any, method: str, body: Any, field: str) -> None:
    """What is wrong is named."""
    reply = api.ask(method, PATH, json=body)
    assert (reply.status, reply.json["field"]) == (422, field)


def test_forget(api: Any) -> None:
    """DELETE leaves the list to the station."""
    api.ask("PUT", PATH, json={"entries": [A]})
    assert api.ask("DELETE", PATH).status == 204
    assert api.ask("GET", PATH).json["status"] == "unmanaged"


def test_sync(api: Any) -> None:
    """POST /sync sends it now, all of it if that is wanted."""
    api.ask("PUT", PATH, json={"entries": [A]})
    reply = api.ask("POST", f"{PATH}/sync", json={"full": True})
    assert reply.status == 200
    ((_, command, _, _),) = api.operations.sent
    assert command == SendLocalList(
        version=1, full=True, entries=(ListEntry(id_token="A", status=TokenStatus.ACCEPTED),)
    )
    api.local_lists.write(
        ConfirmList(
            station_id=1,
            operator_id=1,
            version=1,
            full=True,
            sure=True,
            entries=tuple(KeyedEntry(each.key, each) for each in command.entries),
            removed=(),
            at=api.local_lists.rows[1].updated_at,
        )
    )
    told = api.ask("POST", f"{PATH}/sync").json
    assert (told["status"], told["version"], told["differing"]) == ("synced", 1, 0)


def test_sync_takes_time(api: Any) -> None:
    """While the station has not answered, the list is still being sent."""
    api.ask("PUT", PATH, json={"entries": [A]})
    api.operations.outcome = None
    reply = api.ask("POST", f"{PATH}/sync")
    assert (reply.status, reply.json["status"], reply.headers["Location"]) == (
        202,
        "sending",
        PATH,
    )


def test_sync_of_nothing(api: Any) -> None:
    """Where nothing is wanted there is nothing to send."""
    reply = api.ask("POST", f"{PATH}/sync")
    assert (reply.status, reply.json["code"]) == (409, "unmanaged")


def test_read(api: Any) -> None:
    """POST /read asks the station which version it has."""
    api.operations.outcome = Outcome(status="accepted", response={"listVersion": 4})
    reply = api.ask("POST", f"{PATH}/read")
    assert (reply.status, reply.json["response"]) == (200, {"listVersion": 4})
    ((_, command, _, _),) = api.operations.sent
    assert command == ReadLocalListVersion()


def test_others(api: Any) -> None:
    """Another operator's station is 404; who may read only changes nothing."""
    for method, path, body in (
        ("GET", PATH, None),
        ("GET", f"{PATH}/entries", None),
        ("PUT", PATH, {}),
        ("PATCH", PATH, {}),
        ("DELETE", PATH, None),
        ("POST", f"{PATH}/sync", {}),
        ("POST", f"{PATH}/read", None),
    ):
        assert api.ask(method, path, json=body, role="stranger").status == 404
        allowed = api.ask(method, path, json=body, role="auditor").status
        assert (allowed == 403) is (method != "GET")
