"""What requests have stations fetch."""

from __future__ import annotations

from csms.adapter.tables import Request

_FETCHING = frozenset({"PublishFirmware", "SignedUpdateFirmware", "UpdateFirmware"})


def firmware_location(request: Request) -> str | None:
    """The URL of the firmware that a (valid) request is about; versions have it in one of two
    places."""
    if request.action not in _FETCHING:
        return None
    told = request.payload.get("firmware", request.payload)
    assert isinstance(told, dict)  # by the schema
    return str(told["location"])
