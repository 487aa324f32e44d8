"""Where a connection really comes from, and how many come from there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

_FORWARDED_FOR = "x-forwarded-for"
_FORWARDED = "forwarded"


class Sources:
    """Addresses of clients, seen through the reverse proxies that are trusted."""

    def __init__(self, trusted_proxies: Sequence[str] = ()) -> None:
        """``trusted_proxies``: addresses or networks; raises `ValueError` for anything else."""
        self._trusted = [ip_network(proxy, strict=False) for proxy in trusted_proxies]

    def trusts(self, host: str) -> bool:
        """Whether ``host`` is a reverse proxy of ours."""
        if not self._trusted:
            return False
        address = _address(host)
        return address is not None and any(address in network for network in self._trusted)

    def source(self, host: str, headers: Mapping[str, str]) -> str:
        """The address of the client: the last one in ``X-Forwarded-For`` that is no proxy of ours,
        if ``host`` is one; else ``host``."""
        source = host
        for claimed in reversed(headers.get(_FORWARDED_FOR, "").split(",")):
            if not self.trusts(source):
                break
            address = _address(claimed.strip())
            if address is None:
                break
            source = str(address)
        return source

    def is_local(self, host: str, headers: Mapping[str, str]) -> bool:
        """Whether the client is on this machine.

        Somebody who was forwarded by a proxy that is not trusted might be anywhere.
        """
        if not self.trusts(host) and (_FORWARDED_FOR in headers or _FORWARDED in headers):
            return False
        address = _address(self.source(host, headers))
        return address is not None and address.is_loopback


def _address(text: str) -> IPv4Address | IPv6Address | None:
    """An address without port or zone; those of IPv4 in IPv6 as what they are."""
    try:
        address = ip_address(text.strip("[]").partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
