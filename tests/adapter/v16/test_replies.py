"""Answers to 1.6 stations."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csms.adapter.dialect import DIALECTS
from csms.adapter.schema import Schemas
from csms.core.replies import (
    Acknowledged,
    AuthorizationGiven,
    BootAnswered,
    DataTransferAnswered,
    Reply,
    StartAnswered,
    StopAnswered,
    TimeTold,
)
from csms.core.values import Authorization, Registration, TokenStatus

NOON = datetime(2025, 6, 1, 12, tzinfo=UTC)
TIME = "2025-06-01T12:00:00.000Z"
DIALECT = DIALECTS["ocpp1.6"]
SCHEMAS = Schemas("v16")
GIVEN = Authorization(status=TokenStatus.ACCEPTED, expires_at=NOON, group_id="GROUP")
INFO = {"status": "Accepted", "expiryDate": TIME, "parentIdTag": "GROUP"}


@pytest.mark.parametrize(
    ("action", "reply", "payload"),
    [
        ("Authorize", AuthorizationGiven(GIVEN), {"idTagInfo": INFO}),
        (
            "Authorize",
            AuthorizationGiven(Authorization(status=TokenStatus.CONCURRENT)),
            {"idTagInfo": {"status": "ConcurrentTx"}},
        ),
        (
            "BootNotification",
            BootAnswered(at=NOON, interval_s=300, registration=Registration.ACCEPTED),
            {"status": "Accepted", "currentTime": TIME, "interval": 300},
        ),
        (
            "BootNotification",
            BootAnswered(at=NOON, interval_s=30, registration=Registration.PENDING),
            {"status": "Pending", "currentTime": TIME, "interval": 30},
        ),
        (
            "BootNotification",
            BootAnswered(at=NOON, interval_s=600, registration=Registration.REJECTED),
            {"status": "Rejected", "currentTime": TIME, "interval": 600},
        ),
        ("DataTransfer", DataTransferAnswered(status="Rejected"), {"status": "Rejected"}),
        (
            "DataTransfer",
            DataTransferAnswered(status="Accepted", data="text"),
            {"status": "Accepted", "data": "text"},
        ),
        (
            "DataTransfer",
            DataTransferAnswered(status="Accepted", data={"a": [1]}),
            {"status": "Accepted", "data": '{"a":[1]}'},
        ),
        ("DiagnosticsStatusNotification", Acknowledged(), {}),
        ("FirmwareStatusNotification", Acknowledged(), {}),
        ("Heartbeat", TimeTold(NOON), {"currentTime": TIME}),
        ("LogStatusNotification", Acknowledged(), {}),
        ("MeterValues", Acknowledged(), {}),
        ("SignedFirmwareStatusNotification", Acknowledged(), {}),
        ("StartTransaction", StartAnswered("7", GIVEN), {"transactionId": 7, "idTagInfo": INFO}),
        ("StatusNotification", Acknowledged(), {}),
        ("StopTransaction", StopAnswered(), {}),
        ("StopTransaction", StopAnswered(GIVEN), {"idTagInfo": INFO}),
    ],
)
def test_answers(action: str, reply: Reply, payload: dict[str, Any]) -> None:
    """Each answer as the standard has it, valid by its schema."""
    assert DIALECT.write(action, reply) == payload
    assert SCHEMAS.outbound_flaw(f"{action}Response", payload) is None


def test_a_group_too_long_for_the_version_is_left_out() -> None:
    """A station could not compare it."""
    reply = AuthorizationGiven(Authorization(status=TokenStatus.ACCEPTED, group_id="g" * 21))
    assert DIALECT.write("Authorize", reply) == {"idTagInfo": {"status": "Accepted"}}


@pytest.mark.parametrize("status", [TokenStatus.UNKNOWN, TokenStatus.NOT_HERE])
def test_a_verdict_that_the_version_has_no_word_for_is_invalid(status: TokenStatus) -> None:
    """§7.2 knows five."""
    reply = AuthorizationGiven(Authorization(status=status))
    assert DIALECT.write("Authorize", reply) == {"idTagInfo": {"status": "Invalid"}}


@given(
    status=st.sampled_from(TokenStatus),
    expires_at=st.none() | st.datetimes(timezones=st.just(UTC)),
    group_id=st.none() | st.text(),
    number=st.integers(1, 2**31 - 1),
)
def test_authorizations_are_always_valid(
    status: TokenStatus, expires_at: datetime | None, group_id: str | None, number: int
) -> None:
    """Whatever is known about a token can be told."""
    authorization = Authorization(status=status, expires_at=expires_at, group_id=group_id)
    for action, reply in {
        "Authorize": AuthorizationGiven(authorization),
        "StartTransaction": StartAnswered(str(number), authorization),
        "StopTransaction": StopAnswered(authorization),
    }.items():
        payload = DIALECT.write(action, reply)
        assert SCHEMAS.outbound_flaw(f"{action}Response", payload) is None
