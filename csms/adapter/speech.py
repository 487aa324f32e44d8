"""What the versions that are spoken here can say, for those who know no version."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import attrs
from zope.interface import implementer

from csms.adapter.dialect import DIALECTS, Dialect
from csms.adapter.fetching import firmware_location
from csms.adapter.tables import Unsupported
from csms.core.commands import Command
from csms.core.ports import ISpeech


@implementer(ISpeech)
@attrs.frozen
class Speech:
    """What the dialects can say, for those who do not know them.

    ``spoken`` are the versions that the server speaks; any other is as if there were none.
    """

    _spoken: Collection[str]
    _by_version: Mapping[str, Dialect] = attrs.field(init=False)

    @_by_version.default
    def _those_spoken(self) -> Mapping[str, Dialect]:
        return {
            dialect.version: dialect
            for dialect in DIALECTS.values()
            if dialect.version in self._spoken
        }

    def versions(self) -> Sequence[str]:
        """See `ISpeech`."""
        return tuple(self._by_version)

    def has_components(self, version: str) -> bool:
        """See `ISpeech`."""
        dialect = self._by_version.get(version)
        return dialect is None or dialect.manners.has_components

    def check(self, version: str, command: Command) -> str | None:
        """See `ISpeech`."""
        dialect = self._by_version.get(version)
        if dialect is None:
            return "The station's OCPP version is not spoken here."
        request = dialect.request(command)
        return request.reason if isinstance(request, Unsupported) else None

    def firmware_location(self, version: str, command: Command) -> str | None:
        """See `ISpeech`."""
        request = self._by_version[version].request(command)
        assert not isinstance(request, Unsupported), "somebody checked"
        return firmware_location(request)

    def found(self, version: str, command: Command, response: Mapping[str, object]) -> object:
        """See `ISpeech`."""
        dialect = self._by_version.get(version)
        return None if dialect is None else dialect.outcome(command, dict(response)).found

    def interpret(self, version: str, command: Command) -> Command:
        """See `ISpeech`."""
        dialect = self._by_version.get(version)
        return command if dialect is None else dialect.interpret(command)
