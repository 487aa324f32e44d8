"""New passwords for stations.

Note: which password counts
---------------------------
A station that says Accepted uses the new password from its next connection on, and we must know it
by then, even if this process is killed between its answer and our commit, or the answer is lost.
So the hash of the new password is kept before it is sent, and until it is known better both let
the station in.  An answer settles it, a connection with the new password does, and only a station
that never heard of it keeps the old one for sure.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from uuid import uuid4

import attrs
from zope.interface import implementer

from csms.core.ports import IOperations, IPasswords, IStations
from csms.core.values import Operation
from csms.core.variables.vocabulary import ChangePassword


@implementer(IPasswords)
@attrs.define(eq=False, kw_only=True)
class Passwords:
    """`IPasswords`; ``hash_password`` does not block, ``fresh`` makes a random password."""

    operations: IOperations
    stations: IStations
    hash_password: Callable[[str], Awaitable[str]]
    fresh: Callable[[], str]

    async def change(
        self,
        identity: str,
        operator_id: int,
        password: str | None,
        *,
        requested_by: str | None = None,
    ) -> tuple[Operation, str]:
        """See `IPasswords`."""
        station = await self.stations.get(identity, operator_id)
        password = password or self.fresh()
        mark = uuid4().hex
        await self.stations.offer_password(station.id, await self.hash_password(password), mark)
        try:
            operation = await self.operations.submit(
                identity,
                operator_id,
                ChangePassword(password=password, mark=mark),
                requested_by=requested_by,
            )
        except Exception:
            await self.stations.withdraw_password(station.id, mark)
            raise
        if operation.status.settled and operation.sent_at is None:
            await self.stations.withdraw_password(station.id, mark)
        return operation, password
