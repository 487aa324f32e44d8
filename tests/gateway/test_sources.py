"""Where a connection really comes from."""

from __future__ import annotations

import pytest

from csms.gateway.sources import Sources

PROXIES = Sources(["10.0.0.1", "192.168.0.0/16", "::1"])


@pytest.mark.parametrize(
    ("host", "forwarded", "source"),
    [
        ("203.0.113.5", None, "203.0.113.5"),
        ("203.0.113.5", "198.51.100.7", "203.0.113.5"),
        ("10.0.0.1", "198.51.100.7", "198.51.100.7"),
        ("10.0.0.1", "1.2.3.4, 198.51.100.7", "198.51.100.7"),
        ("10.0.0.1", "1.2.3.4, 198.51.100.7, 192.168.3.4", "198.51.100.7"),
        ("10.0.0.1", "192.168.3.4", "192.168.3.4"),
        ("10.0.0.1", "unknown", "10.0.0.1"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", None, "10.0.0.1"),
        ("::1", "2001:db8::1", "2001:db8::1"),
        ("::1", "[2001:db8::1]", "2001:db8::1"),
        ("::ffff:10.0.0.1", "198.51.100.7", "198.51.100.7"),
        ("", "198.51.100.7", ""),
    ],
)
def test_source(host: str, forwarded: str | None, source: str) -> None:
    """The last address that a trusted proxy saw; what comes before it anybody may have written."""
    headers = {} if forwarded is None else {"x-forwarded-for": forwarded}
    assert PROXIES.source(host, headers) == source


def test_nobody_is_trusted_by_default() -> None:
    """Without configured proxies the header is nothing."""
    assert Sources().source("10.0.0.1", {"x-forwarded-for": "1.2.3.4"}) == "10.0.0.1"


@pytest.mark.parametrize(
    ("host", "headers", "local"),
    [
        ("127.0.0.1", {}, True),
        ("127.3.2.1", {}, True),
        ("::1", {}, True),
        ("::ffff:127.0.0.1", {}, True),
        ("203.0.113.5", {}, False),
        ("", {}, False),
        ("127.0.0.1", {"x-forwarded-for": "203.0.113.5"}, False),
        ("127.0.0.1", {"x-forwarded-for": "127.0.0.1"}, False),
        ("127.0.0.1", {"forwarded": "for=203.0.113.5"}, False),
    ],
)
def test_local(host: str, headers: dict[str, str], local: bool) -> None:
    """Loopback, unless somebody unknown forwarded it from who knows where."""
    assert Sources().is_local(host, headers) is local


def test_local_through_a_proxy() -> None:
    """A trusted proxy on this machine makes nobody local."""
    proxies = Sources(["127.0.0.1"])
    assert not proxies.is_local("127.0.0.1", {"x-forwarded-for": "203.0.113.5"})
    assert proxies.is_local("127.0.0.1", {"x-forwarded-for": "127.0.0.2"})


def test_nonsense_is_refused() -> None:
    """A proxy has to be an address or a network."""
    with pytest.raises(ValueError, match="proxy"):
        Sources(["proxy"])
