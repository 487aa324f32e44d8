"""What the state of a connector means, whatever message of a station tells it."""

from __future__ import annotations

from csms.core import station
from csms.core.reservations.uses import watched

CONNECTOR_CHANGED = watched((station.connector_asked, station.connector_changed))
"""What must be known of a `csms.core.reports.ConnectorChanged`, and its rule."""
