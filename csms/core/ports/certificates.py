"""Certificates that stations ask for."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from datetime import datetime

from msgspec import Struct
from zope.interface import Interface

from csms.core.certificates.vocabulary import (
    CertificateKind,
    CertificateRequest,
    ContractAnswer,
    ContractAsked,
)
from csms.core.pages import Page, Query
from csms.core.values import Operation, StationKey


class ICertificateRequests(Interface):
    """Certificate requests of stations, as operators see and decide them; the intake adds them."""

    def list(query: Query, identity: str, operator_id: int) -> Awaitable[Page[CertificateRequest]]:
        """Those of a station.  Filters: status, purpose.  Raises `NotFound` when there is no such
        station."""

    def get(identity: str, operator_id: int, request_id: str) -> Awaitable[CertificateRequest]:
        """One of a station; raises `NotFound`."""

    def sign(
        identity: str, operator_id: int, request_id: str, chain: str, at: datetime
    ) -> Awaitable[CertificateRequest]:
        """Keep the chain that was given for a request, which is signed from then on.  Raises
        `NotFound`, and `Conflict` when it is not one that can be signed (any more), or another of
        its purpose is open."""

    def refuse(
        identity: str, operator_id: int, request_id: str, detail: str | None, at: datetime
    ) -> Awaitable[CertificateRequest]:
        """Refuse one that is open; raises `NotFound`, and `Conflict` when it is not."""


class KindOutcome(Struct, frozen=True, kw_only=True):
    """What became of one kind of certificates that was to be listed."""

    kind: CertificateKind
    status: str
    """That of the operation; or ``not_sent``."""
    operation_id: str | None = None
    detail: str | None = None


class KindsRead(Struct, frozen=True, kw_only=True):
    """Operations that serve one request, and what became of each kind that was named."""

    operations: tuple[Operation, ...]
    items: tuple[KindOutcome, ...]


class IStationCertificates(Interface):
    """What stations are asked about certificates beyond single commands."""

    def read(
        identity: str,
        operator_id: int,
        kinds: Sequence[CertificateKind],
        *,
        requested_by: str | None = None,
        queue: bool = False,
    ) -> Awaitable[KindsRead]:
        """Have the station list certificates, in as many messages as it takes, see
        `csms.core.ports.variables.IDeviceModel`.  No kinds: all of them, but of one that lists one
        kind at a time (1.6) only those of the server and of the manufacturer."""

    def check_chain(identity: str, operator_id: int, chain: str) -> Awaitable[None]:
        """Raise `Invalid` for a chain that is longer than the station said that it takes."""


class IContractProvider(Interface):
    """Who has contract certificates for cars."""

    def ask(station: StationKey, asked: ContractAsked) -> Awaitable[ContractAnswer]:
        """What the provider says to a car, in a few seconds at most; raises nothing."""
