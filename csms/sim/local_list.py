"""The local authorization list of a charger (1.6 §5.10, §5.15; 2.0.1 block D)."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from csms.sim.language import Verdict

ENTRIES = 1000
"""How many tags a charger's list holds."""


@attrs.define(eq=False)
class LocalList:
    """Verdicts by tag, which compares without case; ``version`` 0: there is no list."""

    version: int = 0
    _verdicts: dict[str, Verdict] = attrs.field(factory=dict, init=False)

    def __len__(self) -> int:
        return len(self._verdicts)

    def find(self, tag: str) -> Verdict | None:
        """What the list says about a tag."""
        return self._verdicts.get(tag.casefold())

    def replace(self, version: int, verdicts: Mapping[str, Verdict | None]) -> str:
        """Install a whole list; returns Accepted or Failed."""
        given = {tag.casefold(): each for tag, each in verdicts.items() if each is not None}
        if version <= 0 or len(given) > ENTRIES or len(given) < len(verdicts):
            return "Failed"
        self._verdicts, self.version = given, version
        return "Accepted"

    def change(self, version: int, verdicts: Mapping[str, Verdict | None]) -> str:
        """Change some entries, None removes one; Accepted, Failed or VersionMismatch."""
        if version <= self.version:
            return "VersionMismatch"
        merged = dict(self._verdicts)
        for tag, verdict in verdicts.items():
            if verdict is None:
                merged.pop(tag.casefold(), None)
            else:
                merged[tag.casefold()] = verdict
        if len(merged) > ENTRIES:
            return "Failed"
        self._verdicts, self.version = merged, version
        return "Accepted"
