"""What the process owes whoever started it: where its log goes, and how it ends.

Left alone, `twistd` logs in a format of its own and ends by the signal that stopped it, or with
status 0 although nothing could be started.
"""

from __future__ import annotations

import atexit
import os
import signal
import sys
from typing import Protocol

from attrs import define
from twisted.application.service import IServiceCollection, MultiService
from twisted.internet.error import ReactorNotRunning
from twisted.internet.interfaces import IReactorCore, IReactorFromThreads
from twisted.logger import ILogObserver
from twisted.python.components import Componentized


class IReactor(IReactorCore, IReactorFromThreads):
    """What is asked of the reactor here."""


class _Stoppable(Protocol):
    def stop(self) -> None: ...


@define(eq=False, slots=False)
class Process(MultiService):
    """The service above all others.

    Gives the application its log observer (a ``--logger`` of `twistd` still wins), and turns
    SIGTERM and SIGINT into an orderly stop with exit status 0.
    """

    _reactor: IReactor
    _observer: ILogObserver | None

    def __attrs_post_init__(self) -> None:
        """Become a collection of services."""
        MultiService.__init__(self)

    def setServiceParent(self, parent: IServiceCollection) -> None:  # noqa: N802  # Twisted's name
        """Join the application.  `twistd` asks it for an observer before it starts anything."""
        if self._observer is not None and isinstance(parent, Componentized):
            parent.setComponent(ILogObserver, self._observer)
        super().setServiceParent(parent)

    def startService(self) -> None:
        """Start the services below; signals are taken over once the reactor has set its own."""
        super().startService()
        self._reactor.callWhenRunning(self._take_signals)

    def _take_signals(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self._reactor.callFromThread(_stop, self._reactor))


def fail(reactor: IReactorCore, reason: str) -> None:
    """Stop; the process ends with status 1 and ``reason`` as one line on standard error."""
    _tell(f"csms: {reason}\n")
    # twistd has no way to say it, so the status is set when the interpreter is done.
    atexit.register(_leave, 1)
    reactor.callWhenRunning(_stop, reactor)


def _stop(reactor: _Stoppable) -> None:
    try:
        reactor.stop()
    except ReactorNotRunning:
        return


def _tell(text: str) -> None:
    # sys.stderr itself may have become a part of the log.
    if sys.__stderr__ is not None:
        sys.__stderr__.write(text)
        sys.__stderr__.flush()


def _leave(status: int) -> None:
    for stream in (sys.__stdout__, sys.__stderr__):
        if stream is not None:
            stream.flush()
    os._exit(status)
