"""The contract certificate that a car presents to charge, and what that is worth."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from csms.core.certificates.x509 import Certificate, CertificateHash, Unreadable, read_chain
from csms.core.decisions import Decision, Policy
from csms.core.happenings import Happened, fingerprint
from csms.core.replies import AuthorizationGiven
from csms.core.values import Authorization, StationKey, TokenStatus

_NOT_OF_IT = re.compile(r"[^0-9A-Z]")
_EMAID = 14
"""Characters of an eMAID without separators and check digit."""
HAPPENING: Final = "contract"


class Presented(Struct, frozen=True, kw_only=True):
    """What Authorize brings of a car's contract certificate (ISO 15118, 2.x C07): the chain for
    the server to validate, or the hash data of one that the station has validated."""

    chain: str | None = None
    hashes: tuple[CertificateHash, ...] = ()


class Assessment(Struct, frozen=True, kw_only=True):
    """The verdict on a contract: ``status`` is that of the certificate, as OCPP names it."""

    authorization: Authorization
    status: str
    certificate: Certificate | None = None
    """The contract's own, where it could be read."""


_ACCEPTED = "Accepted"
_CHAIN_ERROR = "CertChainError"
_EXPIRED = "CertificateExpired"
_CANCELLED = "ContractCancelled"


def assess(
    presented: Presented, id_token: str, given: Authorization, now: datetime, policy: Policy
) -> Assessment:
    """Judge a contract; ``given`` is the verdict on the token alone (2.x C07.FR.02 ff.).

    No chain is validated and no revocation looked up, so unless the operator has chosen to go by
    the token alone nothing is accepted.  What is plainly wrong never is: a chain that cannot be
    read, one out of its time, one of somebody else.
    """
    certificate = None
    if presented.chain is not None:
        try:
            certificate = read_chain(presented.chain)[0]
        except (Unreadable, IndexError):
            return _refused(_CHAIN_ERROR)
        if certificate.valid_to <= now:
            return _refused(_EXPIRED, certificate, TokenStatus.EXPIRED)
        if now < certificate.valid_from or not same_contract(certificate.common_name, id_token):
            return _refused(_CHAIN_ERROR, certificate)
    elif not presented.hashes:
        return _refused(_CHAIN_ERROR)
    if policy.contract_certificates != "token":
        return _refused(_CHAIN_ERROR, certificate)
    good = given.status in (TokenStatus.ACCEPTED, TokenStatus.CONCURRENT)
    return Assessment(
        authorization=given, status=_ACCEPTED if good else _CANCELLED, certificate=certificate
    )


def answer_contract(
    presented: Presented,
    id_token: str,
    key: StationKey,
    given: Authorization,
    now: datetime,
    policy: Policy,
) -> Decision:
    """Answer Authorize of a token that came with a contract certificate, and keep that it did."""
    assessed = assess(presented, id_token, given, now, policy)
    answer = replace(assessed.authorization, certificate_status=assessed.status)
    return Decision(
        AuthorizationGiven(answer), (contract_happened(key, presented, id_token, assessed, now),)
    )


def same_contract(name: str | None, id_token: str) -> bool:
    """Whether a certificate of that CN is that of the token: both are eMAIDs, written with or
    without separators and check digit."""
    one, other = _plain(name or ""), _plain(id_token)
    longest = max(len(one), len(other))
    if longest == _EMAID + 1:
        one, other = one[:_EMAID], other[:_EMAID]
    return one == other != ""


def contract_happened(
    key: StationKey, presented: Presented, id_token: str, assessed: Assessment, now: datetime
) -> Happened:
    """The record of a contract that was presented."""
    certificate = assessed.certificate
    content: dict[str, object] = {
        "id_token": id_token,
        "status": assessed.authorization.status.value,
        "certificate_status": assessed.status,
        "validated": False,
        "subject": None if certificate is None else certificate.subject,
        "issuer": None if certificate is None else certificate.issuer,
        "fingerprint": None if certificate is None else certificate.fingerprint,
        "hashes": [hash_content(each) for each in presented.hashes],
    }
    return Happened(
        station_id=key.id,
        operator_id=key.operator_id,
        kind=HAPPENING,
        at=now,
        received_at=now,
        content=content,
        fingerprint=fingerprint(content),
    )


def hash_content(of: CertificateHash) -> dict[str, object]:
    """Hash data as it is kept."""
    return {
        "algorithm": of.algorithm,
        "issuer_name_hash": of.issuer_name_hash,
        "issuer_key_hash": of.issuer_key_hash,
        "serial_number": of.serial_number,
    }


def _plain(emaid: str) -> str:
    return _NOT_OF_IT.sub("", emaid.upper())


def _refused(
    status: str,
    certificate: Certificate | None = None,
    token: TokenStatus = TokenStatus.INVALID,
) -> Assessment:
    return Assessment(
        authorization=Authorization(status=token), status=status, certificate=certificate
    )
