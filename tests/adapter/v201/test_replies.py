"""Answers to 2.x stations."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csms.adapter.dialect import DIALECTS
from csms.adapter.tables import Version
from csms.adapter.v21.version import V21
from csms.adapter.v201.version import V201
from csms.core.replies import (
    Acknowledged,
    AuthorizationGiven,
    BootAnswered,
    DataTransferAnswered,
    Reply,
    TimeTold,
    TransactionAnswered,
)
from csms.core.values import (
    Authorization,
    Registration,
    Terms,
    TokenStatus,
    TransactionLimit,
)

NOON = datetime(2025, 6, 1, 12, tzinfo=UTC)
TIME = "2025-06-01T12:00:00.000Z"
modern = pytest.mark.parametrize("version", [V201, V21], ids=["2.0.1", "2.1"])
GIVEN = Authorization(status=TokenStatus.ACCEPTED, expires_at=NOON, group_id="GROUP")
INFO = {
    "status": "Accepted",
    "cacheExpiryDateTime": TIME,
    "groupIdToken": {"idToken": "GROUP", "type": "Central"},
}


def write(version: Version, action: str, reply: Reply) -> dict[str, Any]:
    payload = DIALECTS[version.subprotocol].write(action, reply)
    assert version.schemas.outbound_flaw(f"{action}Response", payload) is None
    return payload


@modern
@pytest.mark.parametrize(
    ("action", "reply", "payload"),
    [
        ("Authorize", AuthorizationGiven(GIVEN), {"idTokenInfo": INFO}),
        (
            "Authorize",
            AuthorizationGiven(Authorization(status=TokenStatus.CONCURRENT)),
            {"idTokenInfo": {"status": "ConcurrentTx"}},
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
        ("DataTransfer", DataTransferAnswered(status="Rejected"), {"status": "Rejected"}),
        (
            "DataTransfer",
            DataTransferAnswered(status="Accepted", data={"a": [1]}),
            {"status": "Accepted", "data": {"a": [1]}},
        ),
        ("FirmwareStatusNotification", Acknowledged(), {}),
        ("Heartbeat", TimeTold(NOON), {"currentTime": TIME}),
        ("LogStatusNotification", Acknowledged(), {}),
        ("MeterValues", Acknowledged(), {}),
        ("StatusNotification", Acknowledged(), {}),
        ("TransactionEvent", TransactionAnswered(), {}),
        ("TransactionEvent", TransactionAnswered(GIVEN), {"idTokenInfo": INFO}),
        ("NotifyCustomerInformation", Acknowledged(), {}),
        ("NotifyDisplayMessages", Acknowledged(), {}),
        ("ReservationStatusUpdate", Acknowledged(), {}),
    ],
)
def test_answers(version: Version, action: str, reply: Reply, payload: dict[str, Any]) -> None:
    """Each answer as the standard has it, valid by its schema."""
    assert write(version, action, reply) == payload


@pytest.mark.parametrize(("version", "longest"), [(V201, 36), (V21, 255)])
def test_a_group_too_long_for_the_version_is_left_out(version: Version, longest: int) -> None:
    """A station could not compare it."""
    for extra, has_group in ((0, True), (1, False)):
        group = "g" * (longest + extra)
        given = Authorization(status=TokenStatus.ACCEPTED, group_id=group)
        answers = (
            write(version, "Authorize", AuthorizationGiven(given)),
            write(version, "TransactionEvent", TransactionAnswered(given)),
        )
        assert all(("groupIdToken" in each["idTokenInfo"]) == has_group for each in answers)


def test_the_evses_where_a_token_is_good_are_told() -> None:
    """Where they are not all (C01.FR.19)."""
    given = Authorization(status=TokenStatus.ACCEPTED, evse_ids=(1, 3))
    answer = write(V201, "Authorize", AuthorizationGiven(given))
    assert answer["idTokenInfo"] == {"status": "Accepted", "evseId": [1, 3]}


FULL = Terms(
    languages=("nl", "fr-CH"),
    personal_message="Hoi",
    charging_priority=-9,
    allowed_energy_transfer=("DC_BPT", "DC"),
    tariff={"tariff_id": "T", "currency": "EUR", "min_cost": {"excl_tax": 1.0}},
    transaction_limit=TransactionLimit(max_cost=1.5),
)


@modern
def test_the_terms_of_a_token(version: Version) -> None:
    """Languages, message and priority in both versions (C01); tariff (I08) and ways of charging
    (Q01) in 2.1."""
    given = Authorization(status=TokenStatus.ACCEPTED, terms=FULL)
    info = {
        "status": "Accepted",
        "language1": "nl",
        "language2": "fr-CH",
        "chargingPriority": -9,
        "personalMessage": {"format": "UTF8", "content": "Hoi"},
    }
    newer = {
        "allowedEnergyTransfer": ["DC_BPT", "DC"],
        "tariff": {"tariffId": "T", "currency": "EUR", "minCost": {"exclTax": 1.0}},
    }
    answer = write(version, "Authorize", AuthorizationGiven(given))
    assert answer == {"idTokenInfo": info, **(newer if version is V21 else {})}
    answer = write(version, "TransactionEvent", TransactionAnswered(given))
    assert answer == {"idTokenInfo": info}


@modern
def test_what_is_known_of_a_session(version: Version) -> None:
    """Cost (I02, I03) and message in both versions; limits (E16) in 2.1."""
    limit = TransactionLimit(max_cost=1.5, max_energy_wh=5.0, max_time_s=60, max_soc_percent=80)
    reply = TransactionAnswered(
        total_cost="12.50", personal_message="x" * 512, charging_priority=3, transaction_limit=limit
    )
    known = {
        "totalCost": 12.5,
        "updatedPersonalMessage": {"format": "UTF8", "content": "x" * 512},
        "chargingPriority": 3,
    }
    newer = {"transactionLimit": {"maxCost": 1.5, "maxEnergy": 5.0, "maxTime": 60, "maxSoC": 80}}
    answer = write(version, "TransactionEvent", reply)
    assert answer == {**known, **(newer if version is V21 else {})}


def test_a_tariff_without_words_is_left_out() -> None:
    """The driver may charge all the same."""
    given = Authorization(status=TokenStatus.ACCEPTED, terms=Terms(tariff={"surprise": 1}))
    answer = write(V21, "Authorize", AuthorizationGiven(given))
    assert answer == {"idTokenInfo": {"status": "Accepted"}}


@given(
    status=st.sampled_from(TokenStatus),
    expires_at=st.none() | st.datetimes(timezones=st.just(UTC)),
    group_id=st.none() | st.text(),
    evse_ids=st.none() | st.lists(st.integers(1, 999_999_999), min_size=1).map(tuple),
)
def test_authorizations_are_always_valid(
    status: TokenStatus,
    expires_at: datetime | None,
    group_id: str | None,
    evse_ids: tuple[int, ...] | None,
) -> None:
    """Whatever is known about a token can be told."""
    authorization = Authorization(
        status=status, expires_at=expires_at, group_id=group_id, evse_ids=evse_ids
    )
    for version in (V201, V21):
        write(version, "Authorize", AuthorizationGiven(authorization))
        write(version, "TransactionEvent", TransactionAnswered(authorization))
