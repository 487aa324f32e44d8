"""Where firmware may come from, and what signs it."""

from __future__ import annotations

import pytest

from csms.core.errors import Invalid
from csms.core.firmware.locations import check_location
from csms.core.firmware.signatures import check_signature

PEM = "-----BEGIN CERTIFICATE-----\nQUJD\n-----END CERTIFICATE-----\n"


@pytest.mark.parametrize(
    "location",
    ["https://a/fw", "ftp://user:pass@a:21/fw", "sftp://[::1]/fw", "HTTP://A/", "ftps://a"],
)
def test_good_locations(location: str) -> None:
    """Any URL that a charger might follow."""
    check_location(location)


@pytest.mark.parametrize(
    "location",
    [
        *("", "fw.bin", "/fw", "file:///etc/passwd", "javascript:x", "http:///fw", "http://a b/"),
        *("http://[::1/", "http://a:99999/", "http://a/\n", "http://a/" + "x" * 2000),
    ],
)
def test_bad_locations(location: str) -> None:
    """Nothing else."""
    with pytest.raises(Invalid) as refused:
        check_location(location)
    assert refused.value.field == "location"


@pytest.mark.parametrize(
    ("location", "good"),
    [
        ("https://files.example/fw", True),
        ("https://FILES.example/fw", True),
        ("https://eu.vendor.example/fw", True),
        ("https://vendor.example/fw", False),
        ("https://files.example.evil/fw", False),
        ("https://files.example@evil/fw", False),
    ],
)
def test_allowed_hosts(location: str, *, good: bool) -> None:
    """A list of hosts bounds it, names of whole domains included."""
    allowed = ("files.example", ".vendor.example")
    if good:
        check_location(location, allowed)
        return
    with pytest.raises(Invalid) as refused:
        check_location(location, allowed)
    assert refused.value.code == "host_not_allowed"


@pytest.mark.parametrize(("certificate", "signature"), [(None, None), (PEM, "QUJD")])
def test_good_signatures(certificate: str | None, signature: str | None) -> None:
    """Both, or none."""
    check_signature(certificate, signature)


@pytest.mark.parametrize(
    ("certificate", "signature", "field"),
    [
        (None, "QUJD", "signing_certificate"),
        (PEM, None, "signature"),
        ("ABC", "QUJD", "signing_certificate"),
        (PEM.replace("QUJD", "QUJ"), "QUJD", "signing_certificate"),
        (PEM + PEM, "QUJD", "signing_certificate"),
        (PEM, "no base64", "signature"),
        (PEM, "", "signature"),
    ],
)
def test_bad_signatures(certificate: str | None, signature: str | None, field: str) -> None:
    """What no station could use is refused by name."""
    with pytest.raises(Invalid) as refused:
        check_signature(certificate, signature)
    assert refused.value.field == field
