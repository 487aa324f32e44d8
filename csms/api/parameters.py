"""The variables that paths hold, described once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from msgspec import Meta

from csms.api.shapes import EvseId, Identity, IdToken

PARAMETERS: Mapping[str, Any] = {
    "identity": Identity,
    "id_token": IdToken,
    "evse_id": EvseId,
    "session_id": Annotated[str, Meta(max_length=255, description="Id (UUID) of a session.")],
    "operation_id": Annotated[str, Meta(max_length=255, description="Id (UUID) of an operation.")],
    "transaction_id": Annotated[
        str,
        Meta(
            max_length=255,
            description="Transaction id that station and server use, or the id of a session.",
        ),
    ],
}
"""A path is percent-encoded UTF-8: `/` within a variable is sent as `%2F`, `%` as `%25`."""
