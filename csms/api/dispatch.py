"""From a request to its answer: the one way that every route takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import attrs
import msgspec
from klein import Response
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger, LogLevel

from csms.api import problems
from csms.api.access import Access
from csms.api.headers import REQUEST_ID, SECURITY, Origins, request_id
from csms.api.inflight import InFlight
from csms.api.parameters import PARAMETERS
from csms.api.reading import read_body, read_parameters, read_path, read_query
from csms.api.reception import FileBody, IReception
from csms.api.routes import Call, Route
from csms.api.site import ApiRequest
from csms.core.errors import Overloaded, Refusal


class Incoming(msgspec.Struct, frozen=True, kw_only=True):
    """What a request brought, kept apart from its connection, which may go away meanwhile."""

    id: str
    method: str
    target: str
    query: bytes
    content: bytes
    content_types: Sequence[str]
    encodings: Sequence[str]
    authorization: Sequence[str]
    origin: str | None
    upload: IReception | None = None


def incoming(request: ApiRequest) -> Incoming:
    """What ``request`` brought."""

    def sent(name: str) -> Sequence[str]:
        values = request.requestHeaders.getRawHeaders(name.encode(), [])
        return [value.decode("latin-1") for value in values]

    target, _, query = request.uri.partition(b"?")
    ids, origins = sent(REQUEST_ID), sent("Origin")
    return Incoming(
        id=request_id(ids[0] if len(ids) == 1 else None),
        method=request.method.decode("ascii", "replace"),
        target=target.decode("latin-1"),
        query=query,
        content=request.content.read(),
        content_types=sent("Content-Type"),
        encodings=sent("Content-Encoding"),
        authorization=sent("Authorization"),
        origin=origins[0] if len(origins) == 1 else None,
        upload=request.reception,
    )


@attrs.define
class Dispatch:
    """Answers requests: admits the caller, reads the input, calls the handler, tells the outcome.

    A request is answered to its end even if its client has left: what it changes must not stop
    half-way.
    """

    access: Access
    in_flight: InFlight
    origins: Origins
    clock: IReactorTime
    _log: Logger = attrs.field(factory=Logger, init=False)

    def serve(
        self, route: Route, request: ApiRequest, variables: Mapping[str, str]
    ) -> Deferred[Response]:
        """Answer a request to a route."""
        return self.in_flight.carry(self._answer(route, incoming(request), variables))

    def options(self, request: ApiRequest, methods: Sequence[str]) -> Response:
        """Answer an OPTIONS request, such as a cross-origin preflight."""
        came = incoming(request)
        headers = {"Allow": ", ".join(methods), **self.origins.preflight(came.origin, methods)}
        return self._response(came, 204, b"", headers)

    def refuse(self, request: ApiRequest, refusal: Refusal) -> Response:
        """Answer a request that has no route."""
        came = incoming(request)
        response = self._refused(came, refusal)
        self._note(came, None, {}, response.code, "", self.clock.seconds())
        return response

    async def _answer(self, route: Route, came: Incoming, variables: Mapping[str, str]) -> Response:
        began = self.clock.seconds()
        path: Mapping[str, str] = {}
        who = ""
        try:
            self._check_open(route)
            caller = await self.access.admit(route, came.authorization)
            who = "" if caller is None else caller.name
            path = read_path(variables, PARAMETERS)
            parameters = read_parameters(came.query)
            answer = await route.handler(
                Call(
                    path=path,
                    query=read_query(parameters, route.query, lenient=route.lenient),
                    body=self._body(route, came),
                    caller=caller,
                    request_id=came.id,
                    target=came.target,
                    parameters=parameters,
                    upload=came.upload,
                )
            )
            response = self._told(route, came, answer.status, answer.body, answer.headers)
        except Refusal as refusal:
            response = self._refused(came, refusal)
        except Exception:  # noqa: BLE001  # a bug in one handler is that request's trouble only
            self._log.failure(
                "{method} {route} failed",
                method=came.method,
                route=route.path,
                request_id=came.id,
                station=path.get("identity"),
                session=path.get("session_id"),
            )
            body = problems.encoded(problems.bug_of(came.id))
            response = self._response(
                came, problems.BUG.code, body, {"Content-Type": problems.MEDIA_TYPE}
            )
        self._note(came, route, path, response.code, who, began)
        return response

    def _check_open(self, route: Route) -> None:
        if self.in_flight.closing and not route.public:
            raise Overloaded("the server is shutting down", code="shutting_down")

    def _body(self, route: Route, came: Incoming) -> object:
        if route.body is None:
            return None
        return read_body(
            came.content,
            came.content_types,
            came.encodings,
            route.body,
            optional=route.body_optional,
            lenient=route.lenient,
        )

    def _told(
        self,
        route: Route,
        came: Incoming,
        status: int,
        body: object,
        headers: Mapping[str, str],
    ) -> Response:
        if route.answers[status] is None:
            return self._response(came, status, b"", {**route.headers, **headers})
        own = {"Content-Type": route.media, **route.headers, **headers}
        if isinstance(body, FileBody):
            response = self._response(came, status, b"", own)
            return attrs.evolve(response, body=body)
        content = body if isinstance(body, bytes) else msgspec.json.encode(body)
        return self._response(came, status, content, own)

    def _refused(self, came: Incoming, refusal: Refusal) -> Response:
        problem = problems.problem_of(refusal, came.id)
        headers = {**problems.headers_of(refusal), "Content-Type": problems.MEDIA_TYPE}
        return self._response(came, problem.status, problems.encoded(problem), headers)

    def _response(
        self, came: Incoming, status: int, body: bytes, headers: Mapping[str, str]
    ) -> Response:
        told: dict[Any, str] = {
            **SECURITY,
            **self.origins.headers(came.origin),
            REQUEST_ID: came.id,
            **headers,
        }
        if status != 204:
            told["Content-Length"] = str(len(body))
        if self.in_flight.closing:
            told["Connection"] = "close"
        return Response(status, told, body)

    def _note(
        self,
        came: Incoming,
        route: Route | None,
        path: Mapping[str, str],
        status: int,
        who: str,
        began: float,
    ) -> None:
        """One line per request; paths are told by their route, for they hold drivers' tokens."""
        quiet = route is None or route.public
        self._log.emit(
            LogLevel.debug if quiet else LogLevel.info,
            "{method} {route} -> {status}",
            method=came.method,
            route=route.path if route is not None else None,
            status=status,
            request_id=came.id,
            caller=who,
            station=path.get("identity"),
            session=path.get("session_id"),
            ms=round((self.clock.seconds() - began) * 1000, 1),
        )
