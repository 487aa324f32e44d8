"""How settlements are listed."""

from __future__ import annotations

from csms.core.listings import Filter, Kind, Listing, Sort

SETTLEMENTS = Listing(
    name="settlements",
    filters={
        "station": Filter(Kind.TEXT),
        "status": Filter(Kind.TEXT),
        "session_id": Filter(Kind.UUID),
        "psp_ref": Filter(Kind.TEXT),
        "settled_from": Filter(Kind.TIME),
        "settled_to": Filter(Kind.TIME),
    },
    sorts={"settled_at": Sort(Kind.TIME)},
    default="-settled_at",
    keys=(Kind.TEXT, Kind.INTEGER),
)
"""``settled_from`` is included, ``settled_to`` not."""
