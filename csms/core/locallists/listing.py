"""What the entries of a local list can be asked."""

from __future__ import annotations

from csms.core.listings import Filter, Kind, Listing, Sort

LIST_ENTRIES = Listing(
    name="localListEntries",
    filters={"id_token": Filter(Kind.TEXT), "differing": Filter(Kind.FLAG)},
    sorts={"key": Sort(Kind.TEXT)},
    default="key",
    keys=(Kind.TEXT,),
)
"""``id_token`` is compared whatever its case."""
