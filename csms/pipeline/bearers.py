"""The tokens that commands name, found in the operator's list."""

from __future__ import annotations

from csms.core import bearers
from csms.core.commands import Command
from csms.core.errors import NotFound
from csms.core.ports import ITokens
from csms.core.values import Token


async def known_bearer(tokens: ITokens, operator_id: int, command: Command) -> Token | None:
    """The token of the operator's list that a command names, if it names one that is there."""
    name = bearers.bearer_of(command)
    if name is None:
        return None
    try:
        token = await tokens.get(name, operator_id)
    except NotFound:
        return None
    return bearers.known(command, token)
