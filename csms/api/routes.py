"""A route, declared once: routing, validation, access and documentation all read it here."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Generic, TypeVar

import attrs
from msgspec import Struct

from csms.api.reception import IReception
from csms.core.values import ApiToken

B = TypeVar("B")
Q = TypeVar("Q")

READERS = frozenset({"admin", "operator", "auditor"})
WRITERS = frozenset({"admin", "operator"})
ADMINS = frozenset({"admin"})
PUBLIC: frozenset[str] = frozenset()
"""No token needed."""

PREFIX = "/api/v1"


class NoQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """A route without query parameters."""


@attrs.frozen(kw_only=True)
class Call(Generic[B, Q]):
    """A request that has passed the door: authenticated, allowed, and of the declared shape.

    ``path`` holds the decoded variables of the route's path; ``target`` is the path as sent and
    ``parameters`` the query as sent, both for building links.
    """

    path: Mapping[str, str]
    query: Q
    body: B
    caller: ApiToken | None
    request_id: str
    target: str
    parameters: Mapping[str, str]
    upload: IReception | None = None
    """The body, where it is taken in as it comes, see `csms.api.uploads`."""

    @property
    def operator_id(self) -> int:
        """The operator whose things this caller sees."""
        return self._known().operator_id

    @property
    def who(self) -> str:
        """The caller, as kept with what it asked for."""
        return f"api:{self._known().name}"

    def _known(self) -> ApiToken:
        assert self.caller is not None, "a public route asked who its caller is"
        return self.caller


@attrs.frozen
class Answer:
    """What a handler answers: a shape to encode, or bytes of the route's media type."""

    status: int = 200
    body: object = None
    headers: Mapping[str, str] = attrs.field(factory=dict)


Handler = Callable[[Call[Any, Any]], Coroutine[Any, Any, Answer]]


def _default_roles(route: Route) -> frozenset[str]:
    return READERS if route.method == "GET" else WRITERS


@attrs.frozen(kw_only=True)
class Route:
    """One method of one path.

    ``path`` holds variables in braces, each described in `csms.api.parameters`; ``answers`` maps
    the statuses of success to the shape of their body (None: no body); ``body`` is the shape of
    the request's body, None when it has none, and may be left out if ``body_optional``;
    ``refuses`` are the statuses of refusal beyond those that every route has; ``lenient`` takes
    field names in camelCase or snake_case and ignores unknown ones, as the older systems did;
    ``locates`` says whether 201 and 202 come with a Location.
    """

    method: str
    path: str
    name: str
    summary: str
    tag: str
    handler: Handler
    answers: Mapping[int, Any]
    query: type[Struct] = NoQuery
    body: Any = None
    body_optional: bool = False
    roles: frozenset[str] = attrs.field(default=attrs.Factory(_default_roles, takes_self=True))
    refuses: frozenset[int] = frozenset()
    description: str = ""
    media: str = "application/json"
    headers: Mapping[str, str] = attrs.field(factory=dict)
    lenient: bool = False
    locates: bool = True

    @property
    def public(self) -> bool:
        """Whether it answers without a token."""
        return not self.roles
