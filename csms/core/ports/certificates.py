"""Certificates that stations ask for."""

from __future__ import annotations

from collections.abc import Awaitable
from datetime import datetime

from zope.interface import Interface

from csms.core.certificates.vocabulary import CertificateRequest, ContractAnswer, ContractAsked
from csms.core.pages import Page, Query
from csms.core.values import StationKey


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


class IContractProvider(Interface):
    """Who has contract certificates for cars."""

    def ask(station: StationKey, asked: ContractAsked) -> Awaitable[ContractAnswer]:
        """What the provider says to a car, in a few seconds at most; raises nothing."""
