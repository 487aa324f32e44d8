"""Many questions of one kind, asked as few."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping, Sequence
from itertools import islice
from typing import Any, Generic, TypeVar

import attrs
from twisted.internet.defer import Deferred
from twisted.logger import Logger

from csms.core.errors import Refusal

K = TypeVar("K")
V = TypeVar("V")
Answers = Mapping[K, V | Refusal]


@attrs.define(eq=False)
class Gathering(Generic[K, V]):
    """Gathers what is asked while ``answer`` is at work, and has it answered together next.

    Nobody waits for company: a question that comes alone is asked at once.  ``answer`` is given
    different keys, at most ``limit``, and gives for each a value or the `Refusal` to raise; what
    it raises itself, everybody who asked gets.
    """

    _answer: Callable[[Sequence[K]], Coroutine[Any, Any, Answers[K, V]]]
    _limit: int = 1000
    _waiting: dict[K, list[Deferred[V]]] = attrs.field(factory=dict, init=False)
    _busy: bool = attrs.field(default=False, init=False)
    _log = Logger()

    def ask(self, key: K) -> Deferred[V]:
        """What `answer` says to ``key``, seen after this call."""
        asked: Deferred[V] = Deferred()
        self._waiting.setdefault(key, []).append(asked)
        if not self._busy:
            self._busy = True
            running = Deferred.fromCoroutine(self._run())
            running.addErrback(lambda failure: self._log.failure("answers lost", failure=failure))
        return asked

    async def _run(self) -> None:
        try:
            while self._waiting:
                keys = tuple(islice(self._waiting, self._limit))
                askers = {key: self._waiting.pop(key) for key in keys}
                try:
                    answers = await self._answer(keys)
                except Exception as error:  # noqa: BLE001  # each who asked shall know
                    answers = dict.fromkeys(keys, error)  # type: ignore[arg-type]  # raised below
                for key, waiting in askers.items():
                    for asked in waiting:
                        _tell(asked, answers[key])
        finally:
            self._busy = False


def _tell(asked: Deferred[V], answer: V | Exception) -> None:
    if isinstance(answer, Exception):
        asked.errback(answer)
    else:
        asked.callback(answer)
