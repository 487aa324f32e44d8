"""How the API refuses: every refusal as a problem document (RFC 9457).

One table says which HTTP status each family of refusals becomes.  A problem names a stable
``code`` for programs, a sentence for humans and, when a part of the input is at fault, its path
(``connectors[0].kind``).  Nothing of an unexpected error reaches the caller but the request id,
under which the log tells the rest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from csms.core.errors import Conflict, Invalid, NoRoom, NotFound, Overloaded, Refusal, Unavailable

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_S = 2


class Malformed(Refusal):
    """The request cannot be read at all: broken JSON, wrong encoding."""

    code = "malformed"


class Unauthenticated(Refusal):
    """No bearer token, or none that is good."""

    code = "unauthenticated"


class Forbidden(Refusal):
    """The token's role does not allow it."""

    code = "forbidden"


class UnknownRoute(NotFound):
    """There is no such path."""

    code = "unknown_route"


class MethodNotAllowed(Refusal):
    """The path is there, the method is not; ``allowed`` are the methods it has."""

    code = "method_not_allowed"

    def __init__(self, allowed: Sequence[str]) -> None:
        super().__init__(f"this path answers {', '.join(allowed)}")
        self.allowed = tuple(allowed)


class TooLarge(Refusal):
    """The body is larger than the server reads."""

    code = "too_large"


class TargetTooLong(Refusal):
    """The request line is longer than the server reads."""

    code = "target_too_long"


class HeadTooLarge(Refusal):
    """A header is longer than the server reads."""

    code = "head_too_large"


class UnsupportedMedia(Refusal):
    """The body is not JSON, by its own account."""

    code = "unsupported_media_type"


class ShapeInvalid(Invalid):
    """The input breaks its shape, in one place or several."""

    def __init__(self, errors: Sequence[FieldError]) -> None:
        super().__init__(errors[0].detail, field=errors[0].field)
        self.errors = tuple(errors)


class FieldError(Struct, frozen=True):
    """One part of the input that is at fault."""

    field: str | None
    """Path of the part, such as ``connectors[0].kind``; null for the input as a whole."""
    detail: str


class Problem(Struct, frozen=True, kw_only=True):
    """Why a request was refused (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    code: Annotated[str, Meta(description="Stable, for programs.")]
    field: Annotated[str, Meta(description="Path of the part at fault.")] | UnsetType = UNSET
    errors: tuple[FieldError, ...] | UnsetType = UNSET
    instance: str
    request_id: str


class Status(Struct, frozen=True):
    """An HTTP status that refusals become, with its title and further headers."""

    code: int
    title: str
    headers: Mapping[str, str] = {}


_LATER = {"Retry-After": str(RETRY_AFTER_S)}

STATUSES: tuple[tuple[type[Refusal], Status], ...] = (
    (Malformed, Status(400, "Malformed request")),
    (Unauthenticated, Status(401, "Authentication needed", {"WWW-Authenticate": "Bearer"})),
    (Forbidden, Status(403, "Not allowed")),
    (NotFound, Status(404, "Not found")),
    (MethodNotAllowed, Status(405, "Method not allowed")),
    (Conflict, Status(409, "Conflict")),
    (TooLarge, Status(413, "Content too large")),
    (TargetTooLong, Status(414, "URI too long")),
    (UnsupportedMedia, Status(415, "Unsupported media type")),
    (Invalid, Status(422, "Invalid input")),
    (HeadTooLarge, Status(431, "Request header fields too large")),
    (Overloaded, Status(503, "Overloaded", _LATER)),
    (Unavailable, Status(503, "Unavailable", _LATER)),
    (NoRoom, Status(507, "Insufficient storage")),
    (Refusal, Status(409, "Refused")),
)
"""Most particular first: the first class that fits says the status."""

BUG = Status(500, "Internal error")


def status_of(refusal: Refusal) -> Status:
    """The HTTP status that a refusal becomes."""
    return next(status for kind, status in STATUSES if isinstance(refusal, kind))


def headers_of(refusal: Refusal) -> dict[str, str]:
    """The headers that go with a refusal."""
    headers = dict(status_of(refusal).headers)
    if isinstance(refusal, MethodNotAllowed):
        headers["Allow"] = ", ".join(refusal.allowed)
    if isinstance(refusal, Unauthenticated) and refusal.code == "invalid_token":
        headers["WWW-Authenticate"] = 'Bearer error="invalid_token"'
    return headers


def problem_of(refusal: Refusal, request_id: str) -> Problem:
    """What the caller reads about a refusal."""
    errors: tuple[FieldError, ...] = ()
    if isinstance(refusal, ShapeInvalid):
        errors = refusal.errors
    elif isinstance(refusal, Invalid):
        errors = (FieldError(refusal.field, refusal.detail),)
    return _problem(
        status_of(refusal), refusal.code, refusal.detail, request_id, refusal.field, errors
    )


def bug_of(request_id: str) -> Problem:
    """What the caller reads about an error of ours: where to look it up, and no more."""
    detail = "something went wrong here; the log tells more under this request id"
    return _problem(BUG, "internal_error", detail, request_id)


def encoded(problem: Problem) -> bytes:
    """The document as sent."""
    return msgspec.json.encode(problem)


def _problem(
    status: Status,
    code: str,
    detail: str,
    request_id: str,
    field: str | None = None,
    errors: tuple[FieldError, ...] = (),
) -> Problem:
    return Problem(
        type=f"urn:csms:problem:{code}",
        title=status.title,
        status=status.code,
        detail=detail,
        code=code,
        field=UNSET if field is None else field,
        errors=errors or UNSET,
        instance=f"urn:csms:request:{request_id}",
        request_id=request_id,
    )
