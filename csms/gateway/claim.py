"""A connection's place in the books: claimed when it opens, given back when it is gone."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from twisted.logger import Logger

from csms.core.errors import Refusal
from csms.core.replies import ConnectionClaimed, Reply
from csms.core.reports import Connected, Disconnected
from csms.core.values import StationKey
from csms.gateway.surroundings import Surroundings

_RETRY_S = 10.0

_log = Logger()


class Claim:
    """Reports the beginning and the end of one connection, under one epoch.

    ``answered`` is called once, with what the claim got, unless the connection is gone by then.
    """

    __slots__ = ("_answered", "_around", "_key", "_lost", "epoch")

    def __init__(
        self,
        around: Surroundings,
        key: StationKey,
        answered: Callable[[ConnectionClaimed | None], None],
    ) -> None:
        self._around = around
        self._key = key
        self._answered: Callable[[ConnectionClaimed | None], None] | None = answered
        self._lost: str | None = None
        self.epoch: int | None = None

    def begin(self, peer: str, version: str) -> None:
        """The socket is open."""
        connected = Connected(node=self._around.settings.node, peer=peer, ocpp_version=version)
        self._around.intake.submit(self._key, connected, partial(self._begun, connected))

    def end(self, reason: str) -> None:
        """The socket is gone; reported as soon as it is known under which epoch it was."""
        self._lost = reason
        self._answered = None
        if self.epoch is not None:
            self._report_end()

    def _begun(self, connected: Connected, reply: Reply | Refusal) -> None:
        claimed = reply if isinstance(reply, ConnectionClaimed) else None
        if claimed is not None:
            self.epoch = claimed.epoch
            _log.info(
                "Station connected",
                station=self._key.identity,
                epoch=claimed.epoch,
                peer=connected.peer,
                version=connected.ocpp_version,
            )
        answered, self._answered = self._answered, None
        if answered is not None:
            answered(claimed)
        elif claimed is not None:
            self._report_end()

    def _report_end(self) -> None:
        assert self.epoch is not None
        assert self._lost is not None
        report = Disconnected(epoch=self.epoch, reason=self._lost)
        self._around.intake.submit(self._key, report, self._ended)

    def _ended(self, reply: Reply | Refusal) -> None:
        """Until it is kept the station seems connected."""
        if isinstance(reply, Refusal):
            self._around.wheel.call_later(_RETRY_S, self._report_end)
            return
        _log.info(
            "Station disconnected: {reason}",
            reason=self._lost,
            station=self._key.identity,
            epoch=self.epoch,
        )
