"""Signing certificates and signatures, as a caller gives them."""

from __future__ import annotations

import pytest

from csms.core.errors import Invalid
from csms.core.firmware.signatures import check_signature

BEGIN, END = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"


@pytest.mark.parametrize(
    "pem", [f"{BEGIN}\nQUJD\n{END}", f" \n{BEGIN}\r\nQU\r\n JD {END}\n\n", f"{BEGIN} QUJD{END}"]
)
def test_one_certificate(pem: str) -> None:
    """White space may stand wherever PEM lets it."""
    check_signature(pem, "QUJD")


@pytest.mark.parametrize(
    "pem",
    ["", f"{BEGIN}QUJD{END}", f"{BEGIN}\n{END}", f"{BEGIN}\n \n{END}", f"{BEGIN}\nQ-JD\n{END}",
     f"{BEGIN}\nQUJD\n{END}\n" * 2, f"{BEGIN}\nQ=JD\n{END}"],
)  # fmt: skip
def test_no_certificate(pem: str) -> None:
    """What is none is refused."""
    with pytest.raises(Invalid):
        check_signature(pem, "QUJD")


@pytest.mark.parametrize("run", [" ", "\n", "A", "=", " A", "-", "-----END "])
def test_long_texts_take_no_time(run: str) -> None:
    """One pass, whatever stands there; with more, this would take for ever."""
    for text in (BEGIN + run * 200_000, run * 200_000 + BEGIN, BEGIN + "\nQUJD" + run * 200_000):
        with pytest.raises(Invalid):
            check_signature(text, "QUJD")
