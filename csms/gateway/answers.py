"""The last answers that a station got: for a retransmission, or for a complaint about them.

Pure: the station's conversation is `csms.gateway.rpc`.
"""

from __future__ import annotations

from msgspec import Struct

from csms.gateway.messages import Call

_KEPT = 4


class Given(Struct, frozen=True, gc=False):
    """An answer; ``frame`` is None when a retransmission is to get a fresh one."""

    id: str
    digest: int
    """Of the whole CALL."""
    action: str
    frame: bytes | None


class Answers:
    """A few of them, each for another message id."""

    __slots__ = ("_given",)

    def __init__(self) -> None:
        self._given: list[Given] = []

    def keep(self, call: Call, frame: bytes | None) -> None:
        """``call`` was answered; the oldest answer makes room."""
        if len(self._given) == _KEPT:
            del self._given[0]
        self._given.append(Given(call.id, call.digest, call.action, frame))

    def find(self, message_id: str) -> Given | None:
        """The answer to the CALL of that id."""
        for given in self._given:
            if given.id == message_id:
                return given
        return None

    def forget(self, given: Given) -> None:
        """It is worth nothing any more."""
        self._given = [one for one in self._given if one is not given]
