"""What a signed update must bring (OCPP 1.6 security extension §5.1, 2.x L01.FR.11)."""

from __future__ import annotations

import binascii
import re
from base64 import b64decode

from csms.core.errors import Invalid

# Each character has one place to go, or white space without an end would take cubic time.
_CERTIFICATE = re.compile(
    r"\s*+-----BEGIN CERTIFICATE-----\s([A-Za-z0-9+/=\s]++)-----END CERTIFICATE-----\s*+"
)


def check_signature(certificate: str | None, signature: str | None) -> None:
    """Refuse one without the other, and what is no PEM or no base64; raises `Invalid`.

    Whether the signature is that of the file only who has the file can tell: the station does.
    """
    if certificate is None and signature is None:
        return
    if certificate is None:
        raise Invalid("a signature needs its certificate", field="signing_certificate")
    if signature is None:
        raise Invalid("a signing certificate needs a signature", field="signature")
    found = _CERTIFICATE.fullmatch(certificate)
    if found is None or not _is_base64("".join(found[1].split())):
        raise Invalid("expected one certificate in PEM", field="signing_certificate")
    if not _is_base64(signature):
        raise Invalid("expected base64", field="signature")


def _is_base64(text: str) -> bool:
    try:
        return bool(b64decode(text, validate=True))
    except (binascii.Error, ValueError):
        return False
