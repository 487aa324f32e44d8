"""What of OCPP the product serves and what proves it: every message, every certification case."""

from __future__ import annotations

from csms.conformance.certification import Case, cases, claims
from csms.conformance.evidence import Evidence, Proven, load
from csms.conformance.pages import FORMATS, certification_page, messages_page
from csms.conformance.rows import BOTH, FROM_STATION, TO_STATION, VERSIONS, Row, rows

__all__ = [
    "BOTH",
    "FORMATS",
    "FROM_STATION",
    "TO_STATION",
    "VERSIONS",
    "Case",
    "Evidence",
    "Proven",
    "Row",
    "cases",
    "certification_page",
    "claims",
    "load",
    "messages_page",
    "rows",
]
