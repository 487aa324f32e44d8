"""What each area brings to the ledger: questions it answers and writes it makes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from csms.core.decisions import Ask
from csms.storage import (
    abilities_ledger,
    batteries_ledger,
    certificates_ledger,
    charging_ledger,
    continuing_ledger,
    firmware_ledger,
    locallists_ledger,
    logs_ledger,
    monitoring_ledger,
    payments_ledger,
    reservations_ledger,
    shared_ledger,
    variables_ledger,
)
from csms.storage.topics import Topic

_TOPICS: Sequence[Topic] = (
    *shared_ledger.TOPICS,
    *abilities_ledger.TOPICS,
    *batteries_ledger.TOPICS,
    *certificates_ledger.TOPICS,
    *charging_ledger.TOPICS,
    *continuing_ledger.TOPICS,
    *firmware_ledger.TOPICS,
    *locallists_ledger.TOPICS,
    *logs_ledger.TOPICS,
    *monitoring_ledger.TOPICS,
    *payments_ledger.TOPICS,
    *reservations_ledger.TOPICS,
    *variables_ledger.TOPICS,
)

TOPICS: Mapping[type[Ask], Topic] = {topic.ask: topic for topic in _TOPICS}
TOPICS_BY_NAME: Mapping[str, Topic] = {topic.name: topic for topic in _TOPICS}

WRITES: Sequence[tuple[type, str]] = (
    *shared_ledger.WRITES,
    *certificates_ledger.WRITES,
    *firmware_ledger.WRITES,
    *locallists_ledger.WRITES,
    *logs_ledger.WRITES,
    *monitoring_ledger.WRITES,
    *payments_ledger.WRITES,
    *reservations_ledger.WRITES,
    *variables_ledger.WRITES,
)
"""In the order in which they are made, after those of the ledger itself."""
