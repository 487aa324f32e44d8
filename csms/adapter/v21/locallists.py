"""Local authorization lists in 2.1: longer tokens, of any kind."""

from __future__ import annotations

from collections.abc import Mapping

from csms.adapter.tables import Outbound
from csms.adapter.v201.locallists import INBOUND, INTERPRETERS, Tokens, sending
from csms.core.commands import Command
from csms.core.locallists.vocabulary import SendLocalList

__all__ = ["COMMANDS", "INBOUND", "INTERPRETERS"]

COMMANDS: Mapping[type[Command], Outbound] = {SendLocalList: sending(Tokens(longest=255))}
