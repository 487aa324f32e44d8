"""Local authorization lists in the words of each version."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from csms.adapter.dialect import DIALECTS, Request
from csms.core.commands import Raw
from csms.core.locallists.vocabulary import (
    Listed,
    ListEntry,
    ReadLocalListVersion,
    SendLocalList,
)
from csms.core.values import TokenStatus

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
WIRE_AT = "2026-03-01T12:00:00.000Z"
V16, V201, V21 = (DIALECTS[name] for name in ("ocpp1.6", "ocpp2.0.1", "ocpp2.1"))
NEWER = pytest.mark.parametrize("dialect", [V201, V21], ids=["2.0.1", "2.1"])
EVERY = pytest.mark.parametrize("dialect", [V16, V201, V21], ids=["1.6", "2.0.1", "2.1"])
WHOLE = ListEntry(
    id_token="TAG",
    kind="eMAID",
    status=TokenStatus.BLOCKED,
    group_id="GROUP",
    expires_at=AT,
)


def test_full_16() -> None:
    """A full list of 1.6 (§6.41)."""
    command = SendLocalList(version=3, full=True, entries=(WHOLE, ListEntry(id_token="B")))
    assert V16.request(command) == Request(
        "SendLocalList",
        {
            "listVersion": 3,
            "updateType": "Full",
            "localAuthorizationList": [
                {
                    "idTag": "TAG",
                    "idTagInfo": {
                        "status": "Blocked",
                        "expiryDate": WIRE_AT,
                        "parentIdTag": "GROUP",
                    },
                },
                {"idTag": "B", "idTagInfo": {"status": "Accepted"}},
            ],
        },
    )


def test_change_16() -> None:
    """A tag without information is taken off (1.6 §5.15)."""
    command = SendLocalList(
        version=4,
        full=False,
        entries=(ListEntry(id_token="A"),),
        removed=(Listed(id_token="B"),),
    )
    request = V16.request(command)
    assert isinstance(request, Request)
    assert request.payload == {
        "listVersion": 4,
        "updateType": "Differential",
        "localAuthorizationList": [
            {"idTag": "A", "idTagInfo": {"status": "Accepted"}},
            {"idTag": "B"},
        ],
    }


def test_tags_without_kinds_16() -> None:
    """To 1.6 tokens of two kinds are one tag, which is there once; too long ones are left out."""
    command = SendLocalList(
        version=4,
        full=False,
        entries=(
            ListEntry(id_token="A"),
            ListEntry(id_token="a", kind="eMAID", status=TokenStatus.BLOCKED),
            ListEntry(id_token="x" * 21),
            ListEntry(id_token="C", group_id="x" * 21),
        ),
        removed=(Listed(id_token="A", kind="Local"), Listed(id_token="x" * 21)),
    )
    request = V16.request(command)
    assert isinstance(request, Request)
    assert request.payload["localAuthorizationList"] == [
        {"idTag": "A", "idTagInfo": {"status": "Accepted"}},
        {"idTag": "C", "idTagInfo": {"status": "Accepted"}},
    ]


def test_empty_16() -> None:
    """An empty list says so."""
    request = V16.request(SendLocalList(version=4, full=True))
    assert isinstance(request, Request)
    assert request.payload["localAuthorizationList"] == []


@NEWER
def test_list_newer(dialect: Any) -> None:
    """Lists of 2.x (D01)."""
    command = SendLocalList(
        version=3, full=False, entries=(WHOLE,), removed=(Listed(id_token="B", kind="Local"),)
    )
    assert dialect.request(command) == Request(
        "SendLocalList",
        {
            "versionNumber": 3,
            "updateType": "Differential",
            "localAuthorizationList": [
                {
                    "idToken": {"idToken": "TAG", "type": "eMAID"},
                    "idTokenInfo": {
                        "status": "Blocked",
                        "cacheExpiryDateTime": WIRE_AT,
                        "groupIdToken": {"idToken": "GROUP", "type": "Central"},
                    },
                },
                {"idToken": {"idToken": "B", "type": "Local"}},
            ],
        },
    )


@NEWER
def test_empty_newer(dialect: Any) -> None:
    """An empty list is left out (D01.FR.04)."""
    request = dialect.request(SendLocalList(version=3, full=True))
    assert request.payload == {"versionNumber": 3, "updateType": "Full"}


@pytest.mark.parametrize(("dialect", "count"), [(V201, 1), (V21, 3)], ids=["2.0.1", "2.1"])
def test_what_a_version_cannot_say(dialect: Any, count: int) -> None:
    """Tokens that a station of the version could never read are left out."""
    entries = (
        ListEntry(id_token="A", group_id="x" * 256),
        ListEntry(id_token="x" * 37),
        ListEntry(id_token="B", kind="DirectPayment"),
        ListEntry(id_token="C", kind="x" * 21),
        ListEntry(id_token="x" * 256),
    )
    removed = tuple(Listed(id_token=each.id_token, kind=each.kind) for each in entries[3:])
    request = dialect.request(
        SendLocalList(version=1, full=False, entries=entries, removed=removed)
    )
    sent = request.payload["localAuthorizationList"]
    assert len(sent) == count
    assert sent[0]["idTokenInfo"] == {"status": "Accepted"}


@EVERY
@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("Accepted", "accepted"),
        ("Failed", "rejected"),
        ("VersionMismatch", "rejected"),
    ],
)
def test_answers(dialect: Any, word: str, status: str) -> None:
    """What stations answer to a list."""
    outcome = dialect.outcome(SendLocalList(version=1, full=True), {"status": word})
    assert (outcome.status, outcome.found) == (status, word)
    assert status == "accepted" or outcome.detail == word


def test_unsupported() -> None:
    """A station of 1.6 without lists says so (TC_043_1)."""
    outcome = V16.outcome(SendLocalList(version=1, full=True), {"status": "NotSupported"})
    assert outcome.status == "unsupported"


@EVERY
def test_version(dialect: Any) -> None:
    """GetLocalListVersion and its answer, also as text."""
    assert dialect.request(ReadLocalListVersion()) == Request("GetLocalListVersion", {})
    name = "listVersion" if dialect is V16 else "versionNumber"
    outcome = dialect.outcome(ReadLocalListVersion(), {name: 7})
    assert (outcome.status, outcome.found) == ("accepted", 7)
    assert dialect.outcome(ReadLocalListVersion(), {name: "7"}).found == 7
    assert dialect.outcome(ReadLocalListVersion(), {}).found is None


def test_no_list_16() -> None:
    """-1 is the version of no list at all (TC_042_1)."""
    outcome = V16.outcome(ReadLocalListVersion(), {"listVersion": -1})
    assert (outcome.status, outcome.found) == ("unsupported", -1)


@pytest.mark.parametrize(
    "command",
    [
        SendLocalList(
            version=3,
            full=True,
            entries=(
                ListEntry(id_token="A", group_id="G", expires_at=AT),
                ListEntry(id_token="B", status=TokenStatus.INVALID),
            ),
        ),
        SendLocalList(version=3, full=False, removed=(Listed(id_token="A"),)),
        ReadLocalListVersion(),
    ],
)
@EVERY
def test_written_by_hand(dialect: Any, command: Any) -> None:
    """What somebody writes in OCPP's own words is the core's, so that it has the same
    consequences."""
    request = dialect.request(command)
    raw = Raw(action=request.action, payload=request.payload)
    assert dialect.interpret(raw) == command


def _newer(**more: Any) -> dict[str, Any]:
    return {"versionNumber": 3, "updateType": "Full", **more}


@pytest.mark.parametrize(
    ("dialect", "payload"),
    [
        (V16, {"listVersion": 0, "updateType": "Full"}),
        (V16, {"listVersion": 2**31, "updateType": "Full"}),
        (
            V16,
            {
                "listVersion": 3,
                "updateType": "Full",
                "localAuthorizationList": [
                    {"idTag": "A", "idTagInfo": {"status": "Accepted", "expiryDate": "soon"}}
                ],
            },
        ),
        (V201, _newer(versionNumber=0)),
        (
            V201,
            _newer(
                localAuthorizationList=[
                    {
                        "idToken": {"idToken": "A", "type": "Local"},
                        "idTokenInfo": {"status": "NoCredit"},
                    }
                ]
            ),
        ),
        (
            V21,
            _newer(
                localAuthorizationList=[
                    {
                        "idToken": {"idToken": "A", "type": "Local"},
                        "idTokenInfo": {"status": "Accepted", "chargingPriority": 3},
                    }
                ]
            ),
        ),
    ],
)
def test_written_beyond_words(dialect: Any, payload: Any) -> None:
    """What the core's list does not say goes out as it was written."""
    raw = Raw(action="SendLocalList", payload=payload)
    assert dialect.interpret(raw) == raw
