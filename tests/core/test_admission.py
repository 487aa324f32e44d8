"""The handshake's rules: which station a URL means, which language is chosen, what Basic says."""

from __future__ import annotations

from base64 import b64encode
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csms.core.admission import (
    Credentials,
    Target,
    basic_credentials,
    choose,
    key_oddity,
    locate,
    printable,
)

PATHS = ("/ocpp/{id}", "/ws/{id}", "/{id}")
SPOKEN = {"ocpp2.1": "2.1", "ocpp2.0.1": "2.0.1", "ocpp1.6": "1.6"}


def found(resource: str, paths: tuple[str, ...] = PATHS) -> Target | None:
    return locate(resource, paths, "/ocpp")


@pytest.mark.parametrize(
    ("resource", "identity"),
    [
        ("/ocpp/CP1", "CP1"),
        ("/ws/CP1", "CP1"),
        ("/CP1", "CP1"),
        ("/ocpp/CP1/", "CP1"),
        ("/ocpp/CP1//", "CP1"),
        ("//ocpp//CP1", "CP1"),
        ("/ocpp/CP%201", "CP 1"),
        ("/ocpp/CP 1", "CP 1"),
        ("/ocpp/%D0%96%D1%83%D0%BB", "Жул"),
        ("/ocpp/CP%252F1", "CP%2F1"),
        ("/ocpp/a+b", "a+b"),
        ("/ocpp/RDAM|123*4-5_6=7@8.9", "RDAM|123*4-5_6=7@8.9"),
        ("/ocpp/CP;v=1", "CP;v=1"),
        ("/ocpp/A..B", "A..B"),
        ("/ocpp/" + "x" * 48, "x" * 48),
        ("/ocpp/CP1?token=abc", "CP1"),
        ("/ocpp/CP1?chargePointId=other", "CP1"),
        ("ws://csms.example:9000/ocpp/CP1", "CP1"),
        ("http://csms.example/ocpp/CP1?a=://b/c", "CP1"),
        ("/ocpp/a?u=http://x/y", "a"),
        ("/ocpp/ocpp", "ocpp"),
    ],
)
def test_identity_is_the_last_segment(resource: str, identity: str) -> None:
    """Split first, then decoded once; slashes too many do not matter, nor does the query."""
    target = found(resource)
    assert target is not None
    assert (target.identity, target.version) == (identity, None)


@pytest.mark.parametrize(
    ("resource", "oddities"),
    [
        ("/ocpp/CP1", ()),
        ("/ocpp/CP 1?a=%20//", ()),
        ("/ocpp?chargePointId=CP%201", ()),
        ("ws://csms.example/ocpp/CP1", ()),
        ("/ocpp/CP1/", ("trailing_slash",)),
        ("/ocpp//CP1", ("doubled_slash",)),
        ("/ocpp/CP%201", ("encoded_identity",)),
        ("//CP%2D1/?x", ("doubled_slash", "trailing_slash", "encoded_identity")),
    ],
)
def test_odd_spellings_of_the_url(resource: str, oddities: tuple[str, ...]) -> None:
    """They do not matter, and are noted."""
    target = found(resource)
    assert target is not None
    assert target.oddities == oddities


@pytest.mark.parametrize(
    "resource",
    [
        "/",
        "",
        "/ocpp",
        "/ocpp/",
        "/a/b/c",
        "/other/CP1",
        "/ocpp/CP1/extra",
        "/ocpp/..",
        "/ocpp/.",
        "/ocpp/%2e%2e",
        "/ocpp/../CP1",
        "/x/../CP1",
        "/ocpp/a%2Fb",
        "/ocpp/%2F",
        "/ocpp/a:b",
        "/ocpp/a%3Ab",
        "/ocpp/a%00b",
        "/ocpp/a%0d%0ab",
        "/ocpp/a%7Fb",
        "/ocpp/%FF",
        "/ocpp/%C0%AF",
        "/ocpp/%ED%A0%80",
        "/ocpp/Ж",
        "/ocpp/" + "x" * 49,
        "/ocpp/%E2%80%AE",
        "http://csms.example",
    ],
)
def test_no_station_can_be_there(resource: str) -> None:
    """What is no identity, or fits no pattern, is nobody's."""
    assert found(resource) is None


def test_first_pattern_that_fits_counts() -> None:
    """A deeper pattern is not shadowed by a shallower one."""
    assert found("/ocpp/CP1", ("/{id}", "/ocpp/{id}")) == Target("CP1")
    assert found("/v1/ocpp/CP1", ("/v1/ocpp/{id}",)) == Target("CP1")


def test_pattern_without_place_fits_nothing() -> None:
    """A pattern has to say where the identity is."""
    assert found("/ocpp", ("/ocpp",)) is None


@pytest.mark.parametrize(
    ("query", "target"),
    [
        ("chargePointId=CP1", Target("CP1")),
        ("chargepointid=CP1", Target("CP1")),
        ("chargePointId=CP1&version=1.6", Target("CP1", "1.6")),
        ("version=ocpp1.6&chargePointId=CP1", Target("CP1", "1.6")),
        ("chargePointId=CP1&version=OCPP1.6J", Target("CP1", "1.6")),
        ("chargePointId=CP1&version=2.0.1", Target("CP1", "2.0.1")),
        ("chargePointId=CP1&version=", Target("CP1")),
        ("chargePointId=CP%201", Target("CP 1")),
        ("chargePointId=CP1&chargePointId=CP2", Target("CP1")),
        ("id=CP1", None),
        ("chargePointId=", None),
        ("chargePointId=a/b", None),
        ("chargePointId=%FF", None),
        ("", None),
        ("&".join(["a=b"] * 100), None),
    ],
)
def test_identity_from_the_query(query: str, target: Target | None) -> None:
    """At the query path the identity is a parameter, and the version may be."""
    assert found(f"/ocpp?{query}") == target
    assert found(f"/ocpp/?{query}") == target


@pytest.mark.parametrize(
    ("query", "version"),
    [
        ("version=1.6", "1.6"),
        ("a=b&Version=OCPP1.6J", "1.6"),
        ("version=", None),
        ("version=%FF", None),
        ("&".join(["version=1.6"] * 100), None),
    ],
)
def test_version_in_the_query(query: str, version: str | None) -> None:
    """Wherever the identity is; a query that cannot be read names none."""
    assert found(f"/ocpp/CP1?{query}") == Target("CP1", version)


def test_query_path_can_be_off() -> None:
    """Without a query path its name is an identity like any other."""
    assert locate("/ocpp?chargePointId=CP1", PATHS, "") == Target("ocpp")


@given(
    st.text(st.characters(exclude_categories=["C", "Z"], exclude_characters="/:"), min_size=1)
    .map(lambda text: text[:48])
    .filter(lambda text: text not in {".", ".."} and text.isprintable())
)
def test_any_identity_survives_the_url(identity: str) -> None:
    """What a station percent-encodes comes back as it was."""
    target = found(f"/ocpp/{quote(identity, safe='')}")
    assert target is not None
    assert target.identity == identity


@given(st.text())
def test_any_text_is_located_or_not(resource: str) -> None:
    """No request makes the rule fail."""
    target = found(resource)
    assert target is None or 1 <= len(target.identity) <= 48


@pytest.mark.parametrize(
    ("offered", "allowed", "chosen"),
    [
        (["ocpp1.6"], None, "ocpp1.6"),
        (["ocpp1.6", "ocpp2.0.1"], None, "ocpp1.6"),
        (["ocpp2.0.1", "ocpp1.6"], None, "ocpp2.0.1"),
        (["ocpp1.5", "ocpp1.6"], None, "ocpp1.6"),
        (["ocpp2.0.1", "ocpp1.6"], ["ocpp1.6"], "ocpp1.6"),
        (["ocpp2.0.1"], ["ocpp1.6"], None),
        (["ocpp0.1"], None, None),
        (["OCPP1.6"], None, None),
        ([], None, None),
        (["ocpp1.6"], [], None),
    ],
)
def test_station_chooses(offered: list[str], allowed: list[str] | None, chosen: str | None) -> None:
    """The first offered that is spoken and allowed; names are case-sensitive."""
    assert choose(offered, SPOKEN, allowed) == chosen


def basic(decoded: bytes) -> str:
    return "Basic " + b64encode(decoded).decode()


@pytest.mark.parametrize(
    ("header", "credentials"),
    [
        (basic(b"CP1:secret"), Credentials(b"CP1", b"secret")),
        (basic(b"CP1:a:b:"), Credentials(b"CP1", b"a:b:")),
        (basic(b"CP1:"), Credentials(b"CP1", b"")),
        (basic(b":x"), Credentials(b"", b"x")),
        (basic(b"CP1:\x00\xff:\xfe"), Credentials(b"CP1", b"\x00\xff:\xfe")),
        (basic(b"CP1:secret").lower().replace("basic", "BASIC")[:6] + basic(b"a:b")[6:],
         Credentials(b"a", b"b")),
        ("  " + basic(b"CP1:x") + "  ", Credentials(b"CP1", b"x")),
        (basic(b"CP1:secret").rstrip("="), Credentials(b"CP1", b"secret")),
        (basic(b"no colon"), None),
        ("Bearer abc", None),
        ("Basic", None),
        ("Basic !!!", None),
        ("Basic Q1AxOng=, Basic Q1AxOng=", None),
        ("Basic Ж", None),
        ("", None),
    ],
)  # fmt: skip
def test_basic(header: str, credentials: Credentials | None) -> None:
    """Split at the first colon; the password is bytes."""
    assert basic_credentials(header) == credentials


@given(st.text())
def test_any_header_is_basic_or_not(header: str) -> None:
    """No header makes the rule fail."""
    basic_credentials(header)
    basic_credentials("Basic " + header)


@pytest.mark.parametrize(
    ("password", "in_1_6", "in_2_x"),
    [
        (b"0011aaFF", "key_as_hex", None),
        (b"706c61696e", "key_as_hex", "key_as_hex"),
        (b"0011a", "key_as_text", None),
        ("Schlüssel".encode(), "key_as_text", None),
        (b"\x00\x11\xaa\xff", None, "key_as_bytes"),
        (b"text\x00", None, "key_as_bytes"),
    ],
)
def test_spellings_of_a_key(password: bytes, in_1_6: str | None, in_2_x: str | None) -> None:
    """The bytes in 1.6, text in 2.x; every other is noted."""
    assert key_oddity(password, in_hex=True) == in_1_6
    assert key_oddity(password, in_hex=False) == in_2_x


def test_printable() -> None:
    """What strangers send is bounded and shows no control characters."""
    assert printable("a\x1b[31m\r\nb\x00") == "a�[31m��b�"
    assert len(printable("x" * 500)) == 64
