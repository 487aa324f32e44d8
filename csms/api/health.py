"""Is the process alive, can it work: `/health` and `/readyz`, for everybody."""

from __future__ import annotations

from typing import Annotated

import attrs
from msgspec import Meta
from twisted.internet.interfaces import IReactorTime

from csms import __version__
from csms.api.routes import PUBLIC, Answer, Call, NoQuery, Route
from csms.api.shapes import View
from csms.core.ports import IHealth, ILinks


class HealthView(View, frozen=True, kw_only=True):
    """The process is alive."""

    status: str
    version: str
    uptime_s: Annotated[float, Meta(description="Since the process opened the API.")]
    connected: Annotated[int, Meta(description="Stations connected to this process.")] | None


class ReadinessView(View, frozen=True, kw_only=True):
    """Whether this process can do its work, and per part why not (`ok` otherwise)."""

    ready: bool
    parts: dict[str, str]


@attrs.frozen
class Health:
    """Handlers of `/health` and `/readyz`."""

    health: IHealth
    links: ILinks | None
    clock: IReactorTime
    began: float = attrs.field(
        default=attrs.Factory(lambda self: self.clock.seconds(), takes_self=True), init=False
    )

    async def alive(self, _call: Call[None, NoQuery]) -> Answer:
        """200 as long as anything answers at all."""
        view = HealthView(
            status="ok",
            version=__version__,
            uptime_s=round(self.clock.seconds() - self.began, 3),
            connected=None if self.links is None else len(self.links),
        )
        return Answer(200, view)

    async def ready(self, _call: Call[None, NoQuery]) -> Answer:
        """200 or 503."""
        readiness = await self.health.readiness()
        view = ReadinessView(ready=readiness.ready, parts=dict(readiness.parts))
        return Answer(200 if readiness.ready else 503, view)

    def routes(self) -> tuple[Route, ...]:
        """The routes of this resource."""
        return (
            Route(
                method="GET",
                path="/health",
                name="health",
                summary="Is the process alive?",
                tag="health",
                handler=self.alive,
                answers={200: HealthView},
                roles=PUBLIC,
            ),
            Route(
                method="GET",
                path="/readyz",
                name="readiness",
                summary="Can the process do its work?",
                tag="health",
                handler=self.ready,
                answers={200: ReadinessView, 503: ReadinessView},
                roles=PUBLIC,
            ),
        )
