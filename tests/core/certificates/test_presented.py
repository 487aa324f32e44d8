"""Contract certificates that cars present (2.x C07)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from csms.core.certificates.presented import Presented, assess, same_contract
from csms.core.certificates.x509 import CertificateHash
from csms.core.decisions import Policy
from csms.core.happenings import Happened
from csms.core.replies import AuthorizationGiven
from csms.core.reports import AuthorizationAsked
from csms.core.values import Authorization, StationKey, Token, TokenStatus
from csms.testing.certificates import certificate, new_key
from csms.testing.desk import Desk

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
CP1 = StationKey(1, "CP1")
EMAID = "DE8AAC1A2B3C4D"
GOOD = Authorization(status=TokenStatus.ACCEPTED)
BY_TOKEN = Policy(contract_certificates="token")
HASH = CertificateHash(
    algorithm="SHA256", issuer_name_hash="aa", issuer_key_hash="bb", serial_number="1"
)
CHAIN = certificate("DE-8AA-C1A2B3C4D-9", new_key())
VALIDATED = Presented(hashes=(HASH,))
SHOWN = Presented(chain=CHAIN)


def status(presented: Presented, given: Authorization = GOOD, policy: Policy = BY_TOKEN) -> object:
    assessed = assess(presented, EMAID, given, NOW, policy)
    return assessed.status, assessed.authorization.status.value


@pytest.mark.parametrize("presented", [VALIDATED, SHOWN])
def test_nothing_is_accepted_that_nobody_validates(presented: Presented) -> None:
    """Unless the operator chose otherwise."""
    assert status(presented, policy=Policy()) == ("CertChainError", "Invalid")


@pytest.mark.parametrize("presented", [VALIDATED, SHOWN])
@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (TokenStatus.ACCEPTED, "Accepted"),
        (TokenStatus.CONCURRENT, "Accepted"),
        (TokenStatus.BLOCKED, "ContractCancelled"),
        (TokenStatus.EXPIRED, "ContractCancelled"),
        (TokenStatus.INVALID, "ContractCancelled"),
    ],
)
def test_by_token(presented: Presented, given: TokenStatus, expected: str) -> None:
    """A contract is as good as its token (C07.FR.06 f.)."""
    assert status(presented, Authorization(status=given)) == (expected, given.value)


@pytest.mark.parametrize(
    ("presented", "expected"),
    [
        (Presented(), ("CertChainError", "Invalid")),
        (Presented(chain=""), ("CertChainError", "Invalid")),
        (Presented(chain="no PEM", hashes=(HASH,)), ("CertChainError", "Invalid")),
        (
            Presented(chain=certificate(EMAID, valid_to=NOW)),
            ("CertificateExpired", "Expired"),
        ),
        (
            Presented(chain=certificate(EMAID, valid_from=NOW + DAY, valid_to=NOW + 2 * DAY)),
            ("CertChainError", "Invalid"),
        ),
        (Presented(chain=certificate("DE8AACXXXXXXXX")), ("CertChainError", "Invalid")),
        (Presented(chain=certificate("")), ("CertChainError", "Invalid")),
    ],
)
def test_what_is_plainly_wrong(presented: Presented, expected: tuple[str, str]) -> None:
    """Unreadable, out of its time, of somebody else: whatever the token is worth."""
    assert status(presented) == expected


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("DE8AAC1A2B3C4D", "DE-8AA-C1A2B3C4D-9", True),
        ("de8aac1a2b3c4d", "DE8AAC1A2B3C4D9", True),
        ("DE8AAC1A2B3C4D1", "DE8AAC1A2B3C4D2", True),
        ("DE8AAC1A2B3C4D", "DE8AAC1A2B3C4E", False),
        ("DE8AA", "DE8AA", True),
        ("DE8AA", "DE8AAX", False),
        ("", "", False),
        (None, "-", False),
    ],
)
def test_emaids(one: str | None, other: str, same: bool) -> None:
    """Separators, case and the check digit make no difference."""
    assert same_contract(one, other) is same


def test_authorize() -> None:
    """What is answered is kept, with whose certificate it was and that nobody validated it."""
    desk = Desk(NOW, BY_TOKEN)
    desk.book.add_token(Token(id_token=EMAID))
    reply = desk.say(CP1, AuthorizationAsked(id_token=EMAID, presented=SHOWN))
    assert reply == AuthorizationGiven(
        Authorization(status=TokenStatus.ACCEPTED, certificate_status="Accepted")
    )
    desk.say(CP1, AuthorizationAsked(id_token=EMAID, presented=VALIDATED))
    shown, validated = [write for write in desk.book.kept if isinstance(write, Happened)]
    assert (shown.kind, shown.content["certificate_status"]) == ("contract", "Accepted")
    assert (shown.content["subject"], shown.content["validated"]) == (
        "CN=DE-8AA-C1A2B3C4D-9",
        False,
    )
    assert validated.content["subject"] is None
    assert validated.content["hashes"] == [
        {
            "algorithm": "SHA256",
            "issuer_name_hash": "aa",
            "issuer_key_hash": "bb",
            "serial_number": "1",
        }
    ]
