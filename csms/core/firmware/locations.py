"""Where stations may be sent for firmware."""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import urlsplit

from csms.core.errors import Invalid

SCHEMES = frozenset({"ftp", "ftps", "http", "https", "sftp"})
MAX_LOCATION = 2000
"""Length that OCPP 2.1 allows; older versions allow 512, which their schemas say."""


def check_location(
    location: str, allowed_hosts: Collection[str] = (), field: str = "location"
) -> None:
    """Refuse what is no URL that a station could use, or is on a host that is not allowed.

    ``allowed_hosts`` are names of hosts, ``.example.com`` for all below one; none: any host.
    Raises `Invalid`.
    """
    try:
        parts = urlsplit(location)
        host, _port = parts.hostname, parts.port
    except ValueError:
        raise Invalid("is no URL", field=field) from None
    if parts.scheme.lower() not in SCHEMES or not host:
        raise Invalid(f"expected a URL of {', '.join(sorted(SCHEMES))}", field=field)
    if any(char.isspace() or not char.isprintable() for char in location):
        raise Invalid("a URL has no spaces or control characters", field=field)
    if len(location) > MAX_LOCATION:
        raise Invalid(f"is longer than {MAX_LOCATION} characters", field=field)
    if allowed_hosts and not any(_is_of(host, name.lower()) for name in allowed_hosts):
        raise Invalid("firmware may not come from that host", field=field, code="host_not_allowed")


def _is_of(host: str, name: str) -> bool:
    return host == name or (name.startswith(".") and host.endswith(name))
