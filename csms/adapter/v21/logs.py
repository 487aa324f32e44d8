"""Log uploads in the words of 2.1: data of collectors, too."""

from __future__ import annotations

from collections.abc import Mapping

from csms.adapter.tables import Outbound
from csms.adapter.v201.logs import FIELDS, promised, request
from csms.core.commands import Command
from csms.core.logs.vocabulary import RequestLog

COMMANDS: Mapping[type[Command], Outbound] = {
    RequestLog: Outbound(request, FIELDS, learn=promised),
}
