"""The form of VAT numbers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csms.core.payments.vat import well_formed


@pytest.mark.parametrize(
    "number",
    [
        "ATU12345678",
        "BE 0403.019.261",
        "CHE-123.456.789 MWST",
        "DE136695976",
        "de 136 695 976",
        "DK 13585628",
        "EL123456789",
        "ESX1234567Z",
        "FI20774740",
        "FRXX123456789",
        "GBGD123",
        "HR33392005961",
        "IE1234567WA",
        "IT00743110157",
        "LU15027442",
        "NL123456789B01",
        "PL8567346215",
        "PT501964843",
    ],
)
def test_numbers_of_the_right_form(number: str) -> None:
    """However they are grouped."""
    assert well_formed(number)


@pytest.mark.parametrize(
    "number",
    [
        "",
        "DE",
        "US123456789",
        "123456789",
        "DE1366959760",
        "\N{LATIN SMALL LETTER LONG S}E123456789012",
        "SE\N{ARABIC-INDIC DIGIT ONE}23456789012",
        "SE123456789012\n",
    ],
)
def test_numbers_of_no_country(number: str) -> None:
    """Nor letters and digits of other scripts; a line's end is space."""
    assert well_formed(number) is (number.isascii() and number.startswith("SE"))


@given(
    of=st.sampled_from(
        [
            "BE0403019261",
            "DE136695976",
            "DK13585628",
            "FI20774740",
            "HR33392005961",
            "IT00743110157",
            "LU15027442",
            "PL8567346215",
            "PT501964843",
        ]
    ),
    place=st.integers(2, 8),
    by=st.integers(1, 9),
)
def test_a_wrong_digit_is_noticed(of: str, place: int, by: int) -> None:
    """By the check digits, in the countries whose are known here."""
    wrong = of[:place] + str((int(of[place]) + by) % 10) + of[place + 1 :]
    assert not well_formed(wrong)


@given(st.text() | st.from_regex(r"[A-Z]{2}[0-9A-Z+*]{2,12}"))
def test_nothing_raises(number: str) -> None:
    """Whatever is asked for."""
    assert well_formed(number) in (True, False)
