"""The form of VAT identification numbers of the European Union and its neighbours.

Whether a number is in force only its state can tell; whether it can be one at all, its form does.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

_FORMS: Mapping[str, str] = {
    "AT": r"U\d{8}",
    "BE": r"[01]\d{9}",
    "BG": r"\d{9,10}",
    "CH": r"E\d{9}(?:MWST|TVA|IVA)?",
    "CY": r"\d{8}[A-Z]",
    "CZ": r"\d{8,10}",
    "DE": r"\d{9}",
    "DK": r"\d{8}",
    "EE": r"\d{9}",
    "EL": r"\d{9}",
    "ES": r"[A-Z0-9]\d{7}[A-Z0-9]",
    "FI": r"\d{8}",
    "FR": r"[A-HJ-NP-Z0-9]{2}\d{9}",
    "GB": r"(?:\d{9}|\d{12}|GD\d{3}|HA\d{3})",
    "HR": r"\d{11}",
    "HU": r"\d{8}",
    "IE": r"(?:\d{7}[A-Z]{1,2}|\d[A-Z+*]\d{5}[A-Z])",
    "IT": r"\d{11}",
    "LT": r"(?:\d{9}|\d{12})",
    "LU": r"\d{8}",
    "LV": r"\d{11}",
    "MT": r"\d{8}",
    "NL": r"\d{9}B\d{2}",
    "NO": r"\d{9}(?:MVA)?",
    "PL": r"\d{10}",
    "PT": r"\d{9}",
    "RO": r"\d{2,10}",
    "SE": r"\d{12}",
    "SI": r"\d{8}",
    "SK": r"\d{10}",
    "XI": r"(?:\d{9}|\d{12}|GD\d{3}|HA\d{3})",
}
_SPELLING = re.compile(r"[\s.\-/]")


def well_formed(number: str) -> bool:
    """Whether a number has the form of its country's: two letters, and what follows them; and
    the right check digits, where they are simple."""
    if not number.isascii():
        return False
    plain = _SPELLING.sub("", number).upper()
    country, inner = plain[:2], plain[2:]
    form, check = _FORMS.get(country), _CHECKS.get(country)
    if form is None or re.fullmatch(form, inner, re.ASCII) is None:
        return False
    return check is None or check(inner)


def _weighed(number: str, weights: Sequence[int]) -> int:
    return sum(int(digit) * weight for digit, weight in zip(number, weights, strict=True)) % 11


def _belgian(number: str) -> bool:
    return 97 - int(number[:8]) % 97 == int(number[8:])


def _danish(number: str) -> bool:
    return _weighed(number, (2, 7, 6, 5, 4, 3, 2, 1)) == 0


def _finnish(number: str) -> bool:
    return _weighed(number, (7, 9, 10, 5, 8, 4, 2, 1)) == 0


def _iso_7064(number: str) -> bool:
    """MOD 11,10: Germany and Croatia."""
    rest = 10
    for digit in number[:-1]:
        rest = ((int(digit) + rest) % 10 or 10) * 2 % 11
    return (rest + int(number[-1])) % 10 == 1


def _italian(number: str) -> bool:
    doubled = [int(digit) * 2 for digit in number[1::2]]
    return (sum(map(int, number[::2])) + sum(n - 9 * (n > 9) for n in doubled)) % 10 == 0


def _luxembourgish(number: str) -> bool:
    return int(number[:6]) % 89 == int(number[6:])


def _polish(number: str) -> bool:
    return _weighed(number[:9], (6, 5, 7, 2, 3, 4, 5, 6, 7)) == int(number[9])


def _portuguese(number: str) -> bool:
    return (11 - _weighed(number[:8], (9, 8, 7, 6, 5, 4, 3, 2))) % 11 % 10 == int(number[8])


_CHECKS: Mapping[str, Callable[[str], bool]] = {
    "BE": _belgian,
    "DE": _iso_7064,
    "DK": _danish,
    "FI": _finnish,
    "HR": _iso_7064,
    "IT": _italian,
    "LU": _luxembourgish,
    "PL": _polish,
    "PT": _portuguese,
}
