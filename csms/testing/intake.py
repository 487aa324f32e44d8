"""An intake that knows nothing but operations."""

from __future__ import annotations

import attrs
from zope.interface import implementer

from csms.core.decisions import ACKNOWLEDGED
from csms.core.errors import NotFound, Refusal
from csms.core.ports import Answer, IIntake, IOperationsBook
from csms.core.reports import CommandAnswered, Report
from csms.core.values import StationKey
from csms.testing.desk import immediate


@implementer(IIntake)
@attrs.define
class SettlingIntake:
    """`IIntake` that settles operations in a book in memory.

    ``heard`` keeps every report; while ``refusal`` is set, that is the answer to all.
    """

    book: IOperationsBook
    refusal: Refusal | None = None
    heard: list[Report] = attrs.field(factory=list, init=False)

    def submit(self, station: StationKey, report: Report, answer: Answer) -> None:
        """See `IIntake`."""
        del station
        if self.refusal is not None:
            answer(self.refusal)
            return
        self.heard.append(report)
        assert isinstance(report, CommandAnswered)
        try:
            immediate(self.book.settle(report.operation.id, report.outcome, report.at))  # type: ignore[arg-type]  # the port promises Awaitable, in memory it is a coroutine
        except NotFound:
            pass  # it was deleted
        except Refusal as refusal:
            answer(refusal)
            return
        answer(ACKNOWLEDGED)
