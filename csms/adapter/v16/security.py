"""Security events in the words of the security extension of 1.6, which are those of 2.x."""

from __future__ import annotations

from collections.abc import Mapping

from csms.adapter.tables import Inbound
from csms.adapter.v201 import security as v201

INBOUND: Mapping[str, Inbound] = {
    "SecurityEventNotification": v201.INBOUND["SecurityEventNotification"]
}
