"""Whether a tag may charge, as a charger finds out: the server, its cache, its settings."""

from __future__ import annotations

import attrs

from csms.sim.events import EventLog
from csms.sim.language import Language
from csms.sim.presence import ACCEPTED, Presence
from csms.sim.rpc import Gone
from csms.sim.settings import Settings

UNKNOWN = "Invalid"
"""Verdict of a charger on a tag that it may not judge."""


@attrs.define(eq=False)
class Authorization:
    """The verdicts of one charger on tags (1.6 §3.4, §3.5)."""

    language: Language
    settings: Settings
    events: EventLog
    presence: Presence
    _cache: dict[str, str] = attrs.field(factory=dict, init=False)

    async def ask(self, tag: str) -> str:
        """The verdict on a tag that is presented: ``Accepted``, ``Blocked`` ...

        Raises `csms.sim.rpc.NoAnswer` when the server is there but gives none.
        """
        known = self._cache.get(tag.casefold()) if self.settings.cache else None
        if not self.presence.online:
            verdict = self._offline(known)
        elif self.settings.pre_authorize and known == ACCEPTED:
            verdict = ACCEPTED
        else:
            try:
                answer = await self.presence.call(self.language.authorize(tag))
            except Gone:
                verdict = self._offline(known)
            else:
                verdict = self.language.verdict(answer)
                self.remember(tag, verdict)
        self.events.note("authorized", f"tag {tag}: {verdict}", tag=tag, verdict=verdict)
        return verdict

    def remember(self, tag: str, verdict: str) -> None:
        """Keep what the server said about a tag, in whatever answer."""
        if self.settings.cache:
            self._cache[tag.casefold()] = verdict

    def clear_cache(self) -> bool:
        """Forget everything; False when there is no cache."""
        self._cache.clear()
        return self.settings.cache

    def _offline(self, known: str | None) -> str:
        if known is not None and self.settings.authorize_offline:
            return known
        return ACCEPTED if self.settings.offline_unknown else UNKNOWN
