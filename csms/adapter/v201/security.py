"""Security events in the words of 2.x."""

from __future__ import annotations

from collections.abc import Mapping

from csms.adapter.leaves import Lenience
from csms.adapter.notes import Notes
from csms.adapter.schema import Json
from csms.adapter.tables import Inbound
from csms.adapter.times import moment
from csms.adapter.v201.fields import spare_text
from csms.adapter.v201.replies import write_nothing
from csms.core.replies import Acknowledged
from csms.core.security.vocabulary import SecurityTold

LENIENCE: Mapping[str, Lenience] = {
    "techInfo": Lenience(spare=True),
    "timestamp": Lenience(default=None),
    # 255 is what later errata allow of what is 50 in the schemas.
    "type": Lenience(ceiling=255),
}


def read_security_event(payload: Json, notes: Notes) -> SecurityTold:
    """A04; 1.6 says the same in the same words."""
    return SecurityTold(
        event=notes.text(payload["type"], "type"),
        at=moment(payload["timestamp"], "timestamp", notes),
        info=spare_text(payload, "techInfo", notes),
    )


INBOUND: Mapping[str, Inbound] = {
    "SecurityEventNotification": Inbound(
        read_security_event, Acknowledged, write_nothing, lenience=LENIENCE
    ),
}
