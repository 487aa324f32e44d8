"""The variables that paths hold, described once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from msgspec import Meta

from csms.api.shapes import INT32, EvseId, Identity, IdToken

PARAMETERS: Mapping[str, Any] = {
    "identity": Identity,
    "id_token": IdToken,
    "evse_id": EvseId,
    "session_id": Annotated[str, Meta(max_length=255, description="Id (UUID) of a session.")],
    "profile_id": Annotated[
        int, Meta(ge=-(2**31), le=INT32, description="Id of a charging profile.")
    ],
    "certificate_key": Annotated[
        str, Meta(max_length=255, description="`key` of an installed certificate.")
    ],
    "request_id": Annotated[
        str, Meta(max_length=255, description="Id (UUID) of a certificate request.")
    ],
    "checksum": Annotated[
        str, Meta(pattern="^[0-9a-fA-F]{32}$", description="MD5 of a file, in hexadecimal.")
    ],
    "profile": Annotated[str, Meta(min_length=1, max_length=64, description="Name of a profile.")],
    "filename": Annotated[str, Meta(max_length=255, description="What the station calls it.")],
    "secret": Annotated[str, Meta(max_length=256, description="Secret of an upload.")],
    "operation_id": Annotated[str, Meta(max_length=255, description="Id (UUID) of an operation.")],
    "reservation_id": Annotated[
        str, Meta(max_length=255, description="Id (UUID) of a reservation.")
    ],
    "message_id": Annotated[
        int, Meta(ge=0, le=INT32, description="Number of a message on a display.")
    ],
    "ref": Annotated[
        int, Meta(ge=0, le=INT32, description="Number of a request; `ref` in its operation.")
    ],
    "slot": Annotated[int, Meta(ge=0, le=INT32, description="Configuration slot.")],
    "stream_id": Annotated[int, Meta(ge=0, le=INT32, description="Id of an event stream.")],
    "tariff_id": Annotated[str, Meta(max_length=60, description="Id of a tariff.")],
    "transaction_id": Annotated[
        str,
        Meta(
            max_length=255,
            description="Transaction id that station and server use, or the id of a session.",
        ),
    ],
}
"""A path is percent-encoded UTF-8: `/` within a variable is sent as `%2F`, `%` as `%25`."""
