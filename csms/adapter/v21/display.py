"""Messages on displays in the words of 2.1, which has more languages, states and formats."""

from __future__ import annotations

from csms.adapter.v201.display import rows

INBOUND, COMMANDS, INTERPRETERS = rows("2.1", "v21")
