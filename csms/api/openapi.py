"""The OpenAPI 3.1 document, written from the same routes and shapes that serve requests."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from csms import __version__
from csms.api import problems
from csms.api.parameters import PARAMETERS
from csms.api.problems import Problem
from csms.api.routes import Route

_REFERENCE = "#/components/schemas/{name}"

INTRODUCTION = """\
Charging stations, sessions, drivers' tokens, and commands to stations.

* Every request but `/health`, `/readyz` and uploads (whose URL is the secret) carries
  `Authorization: Bearer <token>`. Roles: `admin` may do everything, `operator` everything but make
  API tokens, `auditor` only read.
* Lists are filtered by query parameters, sorted by `sort=-started_at`, and read page by page:
  pass `next_cursor` as `cursor`. Unknown parameters and fields are refused.
* Times are UTC and end in `Z`. Energy is in Wh, power in W.
* Refusals are problem documents (RFC 9457) with a stable `code`; those about the input name the
  `field`. What cannot be read is 400, what breaks a rule 422.
* `HEAD` works wherever `GET` does.
"""

REFUSALS: Mapping[int, str] = {
    400: "The request cannot be read.",
    401: "No token, or an unknown or expired one.",
    403: "The role of the token does not allow it.",
    404: "There is no such thing.",
    409: "The thing is in a state that does not allow it.",
    413: "The body is too large.",
    415: "The body is not JSON by its own account.",
    422: "The input breaks a rule; `field` says where.",
    500: "An error of the server; its log tells more under the request id.",
    503: "The server cannot work for now; try again after `Retry-After`.",
    507: "There is no room for the file.",
}
_ALWAYS = frozenset({400, 422, 500, 503})
_HEADERS: Mapping[int, Mapping[str, str]] = {
    201: {"Location": "Where the new thing is."},
    202: {"Location": "The operation, to ask for its outcome."},
    401: {"WWW-Authenticate": "How to authenticate."},
    503: {"Retry-After": "Seconds to wait."},
}


def refused_statuses(route: Route) -> frozenset[int]:
    """Every status of refusal that a route may answer."""
    statuses = set(_ALWAYS | route.refuses)
    if not route.public:
        statuses |= {401, 403}
    if "{" in route.path:
        statuses.add(404)
    if route.body is not None:
        statuses |= {413, 415}
    return frozenset(statuses)


def document(routes: Sequence[Route]) -> dict[str, Any]:
    """The OpenAPI document of the routes; `ValueError` when two shapes have one name."""
    shapes = _shapes(routes)
    schemas, components = _described(shapes)
    refs = dict(zip(map(_key, shapes), schemas, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, refs)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "csms",
            "version": __version__,
            "description": INTRODUCTION,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": tag} for tag in dict.fromkeys(route.tag for route in routes)],
        "security": [{"bearer": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
            "schemas": components,
            "responses": {
                str(status): _response(
                    text, refs[_key(Problem)], problems.MEDIA_TYPE, _HEADERS.get(status, {})
                )
                for status, text in REFUSALS.items()
            },
        },
    }


def _shapes(routes: Iterable[Route]) -> list[Any]:
    """Every shape the document needs, each once."""
    shapes: dict[str, Any] = {_key(Problem): Problem}
    for route in routes:
        for shape in (route.body, *route.answers.values()):
            if shape is not None and shape is not bytes:
                shapes.setdefault(_key(shape), shape)
    return list(shapes.values())


def _described(shapes: Sequence[Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The schemas of shapes and the components that they refer to, by the names of their classes,
    which no two may share: readers of the document see them, and msgspec tells them apart by their
    modules, or (within a generic shape) not at all."""
    try:
        schemas, components = msgspec.json.schema_components(shapes, ref_template=_REFERENCE)
    except KeyError as error:
        raise ValueError(f"two shapes have the name of one in {error}") from None
    if twice := sorted(name for name in components if "." in name):
        raise ValueError(f"shapes of different modules have one name: {', '.join(twice)}")
    return schemas, components


def _key(shape: Any) -> str:
    """Shapes may be unhashable or equal without being the same; their text tells them apart."""
    return repr(shape)


def _operation(route: Route, refs: Mapping[str, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": route.name,
        "summary": route.summary,
        "tags": [route.tag],
        "parameters": [*_path_parameters(route), *_query_parameters(route)],
        "responses": {
            str(status): _answer(route, status, shape, refs)
            for status, shape in route.answers.items()
        },
    }
    for status in sorted(refused_statuses(route) - set(route.answers)):
        operation["responses"][str(status)] = {"$ref": f"#/components/responses/{status}"}
    if route.description:
        operation["description"] = route.description
    if route.public:
        operation["security"] = []
    if route.body is not None:
        operation["requestBody"] = {
            "required": not route.body_optional,
            "content": {"application/json": {"schema": refs[_key(route.body)]}},
        }
    return operation


def _answer(route: Route, status: int, shape: Any, refs: Mapping[str, Any]) -> dict[str, Any]:
    text = {200: "Done.", 201: "Created.", 202: "Under way.", 204: "Done.", 503: "Not ready."}
    schema = {"type": "string"} if shape is bytes else refs[_key(shape)] if shape else None
    headers = _HEADERS[status] if route.locates and status in (201, 202) else {}
    return _response(text[status], schema, route.media.partition(";")[0], headers)


def _response(text: str, schema: Any, media: str, headers: Mapping[str, str]) -> dict[str, Any]:
    response: dict[str, Any] = {"description": text}
    if schema is not None:
        response["content"] = {media: {"schema": schema}}
    if headers:
        response["headers"] = {
            name: {"description": note, "schema": {"type": "string"}}
            for name, note in headers.items()
        }
    return response


def _path_parameters(route: Route) -> list[dict[str, Any]]:
    return [
        _parameter(name, "path", msgspec.json.schema(PARAMETERS[name]), required=True)
        for name in re.findall(r"{(\w+)}", route.path)
    ]


def _query_parameters(route: Route) -> list[dict[str, Any]]:
    _, components = msgspec.json.schema_components([route.query])
    (shape,) = components.values()
    return [
        _parameter(name, "query", schema, required=name in shape["required"])
        for name, schema in shape["properties"].items()
    ]


def _parameter(
    name: str, where: str, schema: Mapping[str, Any], *, required: bool
) -> dict[str, Any]:
    parameter: dict[str, Any] = {"name": name, "in": where, "schema": dict(schema)}
    if required:
        parameter["required"] = True
    description = parameter["schema"].pop("description", None)
    if description is not None:
        parameter["description"] = description
    return parameter
