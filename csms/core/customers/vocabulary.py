"""What is spoken of with stations about customers.

All of it is personal data: it is kept apart from other reports, read by few, and not for long.
"""

from __future__ import annotations

from msgspec import Struct

from csms.core.certificates.x509 import CertificateHash
from csms.core.commands import Command
from csms.core.reports import Report

INFORMATION = "customer_information"
"""Kind of the assemblies that answer `AskCustomer`."""


class Customer(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Whom it is about: exactly one of a token, an identifier, a certificate (N09.FR.07)."""

    id_token: str | None = None
    kind: str | None = None
    """IdTokenEnum text of ``id_token``; None: Central, see `csms.core.bearers`."""
    identifier: str | None = None
    certificate: CertificateHash | None = None


class AskCustomer(Command, frozen=True, kw_only=True, tag="customer_information"):
    """Have a station tell (``report``) and forget (``clear``) what it knows of a customer."""

    ref: int | None = None
    customer: Customer
    report: bool = True
    clear: bool = False


class CustomerTold(Report, frozen=True, kw_only=True):
    """NotifyCustomerInformation (2.x N09): one part of what a station knows, as text."""

    ref: int | None
    number: int | None
    text: str
    last: bool = True
