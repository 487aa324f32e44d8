"""Whether a tag may charge, as a charger finds out: the server, its list, its cache."""

from __future__ import annotations

import attrs

from csms.sim.events import EventLog
from csms.sim.language import TAG_KIND, Speech, Verdict
from csms.sim.local_list import LocalList
from csms.sim.messages import Gone
from csms.sim.presence import ACCEPTED, Presence
from csms.sim.settings import Settings

UNKNOWN = "Invalid"
"""Verdict of a charger on a tag that it may not judge."""


@attrs.define(eq=False)
class Authorization:
    """The verdicts of one charger on tags (1.6 §3.4, §3.5; 2.0.1 C10, C13, C14)."""

    speech: Speech
    settings: Settings
    events: EventLog
    presence: Presence
    local_list: LocalList = attrs.Factory(LocalList)
    _cache: dict[str, Verdict] = attrs.field(factory=dict, init=False)

    async def ask(self, tag: str, kind: str = TAG_KIND) -> str:
        """The verdict on a tag that is presented: ``Accepted``, ``Blocked`` ...

        Raises `csms.sim.messages.NoAnswer` when the server is there but gives none.
        """
        if not self.presence.online:
            verdict = self._offline(tag)
        elif self.settings.pre_authorize and self._known(tag) == ACCEPTED:
            verdict = ACCEPTED
        else:
            language = self.speech.language
            try:
                answer = await self.presence.call(language.authorize(tag, kind))
            except Gone:
                verdict = self._offline(tag)
            else:
                heard = language.verdict(answer)
                verdict = heard.status
                self.remember(tag, heard)
        self.events.note("authorized", f"tag {tag}: {verdict}", tag=tag, verdict=verdict)
        return verdict

    def remember(self, tag: str, verdict: Verdict) -> None:
        """Keep what the server said about a tag, in whatever answer."""
        if self.settings.cache:
            self._cache[tag.casefold()] = verdict

    def group(self, tag: str) -> str | None:
        """The group of a tag, as far as the charger knows."""
        found = self._find(tag)
        return None if found is None else found.group

    def clear_cache(self) -> bool:
        """Forget everything; False when there is no cache."""
        self._cache.clear()
        return self.settings.cache

    def cached(self, tag: str) -> Verdict | None:
        """What the cache says about a tag."""
        return self._cache.get(tag.casefold())

    def forget(self, tag: str) -> bool:
        """Forget one tag; False when nothing was known."""
        return self._cache.pop(tag.casefold(), None) is not None

    def _find(self, tag: str) -> Verdict | None:
        """The list goes before the cache (1.6 §3.5.3)."""
        found = self.local_list.find(tag) if self.settings.local_list else None
        if found is None and self.settings.cache:
            found = self._cache.get(tag.casefold())
        return found

    def _known(self, tag: str) -> str | None:
        found = self._find(tag)
        if found is None:
            return None
        if found.expires is not None and found.expires <= self.presence.time.now():
            return "Expired"
        return found.status

    def _offline(self, tag: str) -> str:
        known = self._known(tag)
        if known is not None and self.settings.authorize_offline:
            return known
        return ACCEPTED if self.settings.offline_unknown else UNKNOWN
