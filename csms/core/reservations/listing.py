"""What the list of reservations can be asked."""

from __future__ import annotations

from csms.core.listings import Filter, Kind, Listing, Sort
from csms.core.reservations.vocabulary import ReservationStatus

RESERVATIONS = Listing(
    name="reservations",
    filters={
        "station": Filter(Kind.TEXT),
        "status": Filter(Kind.TEXT, tuple(ReservationStatus)),
        "id_token": Filter(Kind.TEXT),
        "evse_id": Filter(Kind.INTEGER),
    },
    sorts={
        "created_at": Sort(Kind.TIME),
        "updated_at": Sort(Kind.TIME),
        "expires_at": Sort(Kind.TIME),
    },
    default="-created_at",
    keys=(Kind.UUID,),
)
"""``id_token`` is compared whatever its case."""
