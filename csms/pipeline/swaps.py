"""Battery swaps that are asked for: only for who may charge there."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import attrs
from zope.interface import implementer

from csms.core.authorization import known, verdict
from csms.core.batteries.vocabulary import RequestSwap
from csms.core.decisions import Policy, folded
from csms.core.errors import Conflict, NotFound
from csms.core.ports import IOperations, ISwaps, ITokens
from csms.core.values import Operation, TokenStatus


@implementer(ISwaps)
@attrs.frozen
class Swaps:
    """`ISwaps` over the tokens and the operations."""

    tokens: ITokens
    operations: IOperations
    policy: Policy
    now: Callable[[], datetime]

    async def request(
        self,
        identity: str,
        operator_id: int,
        id_token: str,
        kind: str | None,
        *,
        requested_by: str | None = None,
        queue: bool = False,
    ) -> Operation:
        """See `ISwaps`."""
        try:
            token = await self.tokens.get(id_token, operator_id)
        except NotFound:
            token = None
        found = {} if token is None else {folded(id_token): token}
        token = known(found, id_token, kind)
        given = verdict(token, identity, self.now(), self.policy, starting=True)
        if given.status is not TokenStatus.ACCEPTED:
            raise Conflict(f"the token is {given.status.value}", code="not_authorized")
        return await self.operations.submit(
            identity,
            operator_id,
            RequestSwap(id_token=id_token, kind=kind),
            requested_by=requested_by,
            queue=queue,
        )
