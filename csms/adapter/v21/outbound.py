"""The core's own commands in the words of 2.1, where 2.0.1 lacks them."""

from __future__ import annotations

from collections.abc import Mapping

from csms.adapter.tables import Outbound
from csms.adapter.v201.outbound import RESET_FIELDS, TRIGGER_FIELDS, reset, trigger
from csms.core.commands import Command, Reset, Trigger

COMMANDS: Mapping[type[Command], Outbound] = {
    Reset: Outbound(reset, RESET_FIELDS),
    Trigger: Outbound(trigger, TRIGGER_FIELDS),
}
