"""What OCPP versions can say, as a test wants it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs
from zope.interface import implementer

from csms.core.commands import Command, Raw, RemoteStart
from csms.core.errors import Invalid
from csms.core.ports import ISpeech


@implementer(ISpeech)
@attrs.frozen
class PlainSpeech:
    """`ISpeech` that has a word for everything but what ``lacks`` names, by version.

    A raw message without payload breaks its schema, and raw ``Start`` is a remote start.
    """

    spoken: Sequence[str] = ("2.0.1", "1.6")
    lacks: Mapping[str, type] = attrs.field(factory=dict)

    def versions(self) -> Sequence[str]:
        """See `ISpeech`."""
        return self.spoken

    def has_components(self, version: str) -> bool:
        """See `ISpeech`."""
        return version != "1.6"

    def check(self, version: str, command: Command) -> str | None:
        """See `ISpeech`."""
        if isinstance(command, Raw) and not command.payload:
            raise Invalid("something is missing", field="payload")
        if version in self.lacks and isinstance(command, self.lacks[version]):
            return f"OCPP {version} has no such command"
        return None

    def firmware_location(self, version: str, command: Command) -> str | None:
        """See `ISpeech`; what a raw message calls ``location``."""
        del version
        location = command.payload.get("location") if isinstance(command, Raw) else None
        return location if isinstance(location, str) else None

    def found(self, version: str, command: Command, response: Mapping[str, object]) -> object:
        """See `ISpeech`; what stands in the answer as such."""
        del version, command
        return response.get("found")

    def interpret(self, version: str, command: Command) -> Command:
        """See `ISpeech`."""
        del version
        if isinstance(command, Raw) and command.action == "Start":
            return RemoteStart(id_token=str(command.payload["token"]))
        return command
