"""Every route there is, and that none escapes the declarations."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from twisted.internet.testing import MemoryReactorClock

from csms.api.app import make_app, make_dispatch, routes
from csms.api.routes import Route


def _routes(api: Any) -> tuple[Route, ...]:
    return routes(api.ports(), lambda password: password, MemoryReactorClock())


def _path(route: Route) -> str:
    numbers = dict.fromkeys(
        ("evse_id", "message_id", "profile_id", "ref", "slot", "stream_id"), "1"
    )
    values = {"checksum": "0" * 32, **numbers}
    return re.sub(r"{(\w+)}", lambda found: values.get(found[1], "X"), route.path)


def test_live_routes_are_the_declared_ones(api: Any) -> None:
    """What the application answers is exactly the table, plus HEAD; and OPTIONS everywhere."""
    table = _routes(api)
    app = make_app(table, make_dispatch(api.ports(), api.settings, api.reactor))
    live = {
        (method, rule.rule.replace("<", "{").replace(">", "}"))
        for rule in app.url_map.iter_rules()
        for method in rule.methods or ()
    }
    declared = {(route.method, route.path) for route in table}
    declared |= {("HEAD", route.path) for route in table if route.method == "GET"}
    assert live == declared


def test_route_names_are_unique(api: Any) -> None:
    """No two routes share a name: it is the operationId."""
    names = [route.name for route in _routes(api)]
    assert len(names) == len(set(names))


def test_every_route_is_documented(api: Any) -> None:
    """The OpenAPI document holds exactly the declared routes."""
    documented = {
        (method.upper(), path)
        for path, methods in api.contract.document["paths"].items()
        for method in methods
    }
    assert documented == {(route.method, route.path) for route in _routes(api)}


def test_every_route_is_in_the_manual(api: Any) -> None:
    """`docs/api.rst` lists exactly the routes there are."""
    manual = Path(__file__).parents[2] / "docs" / "api.rst"
    listed = re.findall(r"^    ([A-Z]+) +(/\S+)", manual.read_text("utf-8"), re.MULTILINE)
    declared = {(route.method, route.path) for route in _routes(api)}
    assert {entry for entry in listed if "{" in entry[1] or entry in declared} == declared


def test_public_routes(api: Any) -> None:
    """Nothing answers without a token but health, readiness, the page without data, and where
    stations send files by a secret of their own."""
    public = {route.path for route in _routes(api) if route.public}
    uploads = {"/uploads/{secret}", "/uploads/{secret}/{filename}"}
    assert public == {"/health", "/readyz", "/api/v1/docs"} | uploads


def test_every_other_route_wants_a_token(api: Any) -> None:
    """Without a token every route that is not public answers 401 and says how."""
    for route in _routes(api):
        if not route.public:
            reply = api.ask(route.method, _path(route), role=None)
            assert reply.status == 401, route
            assert reply.headers["WWW-Authenticate"] == "Bearer"
            assert reply.json["code"] == "unauthenticated"


def test_auditors_only_read(api: Any) -> None:
    """An auditor is refused everything that is not GET, and the data of persons."""
    for route in _routes(api):
        if not route.public:
            reply = api.ask(route.method, _path(route), role="auditor")
            private = route.name == "getCustomerInformation"
            assert (reply.status == 403) == (route.method != "GET" or private), route


def test_operators_do_everything_but_make_api_tokens(api: Any) -> None:
    """The operator role is refused only the tokens of the API."""
    refused = {
        route.path
        for route in _routes(api)
        if api.ask(route.method, _path(route), role="operator").status == 403
    }
    assert refused == {"/api/v1/api-tokens"}


def test_every_body_must_be_json(api: Any) -> None:
    """A body of another media type is 415."""
    for route in _routes(api):
        if route.body is not None:
            headers = {"Content-Type": "application/x-www-form-urlencoded"}
            reply = api.ask(route.method, _path(route), b"a=b", headers=headers)
            assert reply.status == 415, route
            assert reply.json["code"] == "unsupported_media_type"


def test_every_body_must_be_an_object(api: Any) -> None:
    """A body that is JSON of another kind is 422."""
    for route in _routes(api):
        if route.body is not None:
            assert api.ask(route.method, _path(route), b"[]").status == 422, route


def test_unknown_fields_are_refused(api: Any) -> None:
    """A field that the shape does not have is 422 and named."""
    for route in _routes(api):
        if route.body is not None and not route.lenient and route.name != "writeConfiguration":
            reply = api.ask(route.method, _path(route), json={"no_such_field": 1})
            assert reply.status == 422, route
            (told,) = (e for e in reply.json["errors"] if e["field"] == "no_such_field")
            assert told["detail"].startswith("unknown; there are ")


def test_unknown_parameters_are_refused(api: Any) -> None:
    """A query parameter that the route does not have is 422 and named; stations may append what
    they like to the address of an upload."""
    for route in _routes(api):
        if not route.lenient and not route.path.startswith("/uploads/"):
            reply = api.ask(route.method, f"{_path(route)}?no_such=1")
            assert reply.status == 422, route
            assert "no_such" in {error["field"] for error in reply.json["errors"]}, route


def test_head_answers_like_get_without_a_body(api: Any) -> None:
    """HEAD has the status and length of GET, and no body."""
    api.stations.seed("X")
    for route in _routes(api):
        if route.method == "GET":
            get, head = (api.ask(method, _path(route)) for method in ("GET", "HEAD"))
            assert head.status == get.status, route
            assert head.body == b""
            if route.name != "readConfiguration":  # each is another operation
                assert head.headers["Content-Length"] == get.headers["Content-Length"], route


def test_unknown_path_is_404(api: Any) -> None:
    """A path without a route is a problem with its own code."""
    for path in ("/", "/api/v2/stations", "/api/v1/stations/a/b/c", "/health/x"):
        reply = api.ask("GET", path)
        assert (reply.status, reply.json["code"]) == (404, "unknown_route"), path


def test_wrong_method_is_405_with_allow(api: Any) -> None:
    """A method that the path does not have is 405 and tells those it has."""
    reply = api.ask("POST", "/api/v1/stations")
    assert reply.status == 405
    assert reply.headers["Allow"] == "GET, HEAD, OPTIONS"
    assert api.ask("BREW", "/health").status == 405


def test_trailing_slash_makes_no_difference(api: Any) -> None:
    """A path ending in a slash is the path without it."""
    assert api.ask("GET", "/api/v1/stations/").json == api.ask("GET", "/api/v1/stations").json


def test_encoded_static_segments_are_the_same_path(api: Any) -> None:
    """Percent-encoding of characters that need none does not change the route."""
    wire = api.wire()
    wire.send(api.request("GET", "/%68ealth"))
    assert wire.reply().status == 200


@pytest.mark.parametrize("host", ["", "x" * 100, "a..b", "[::1", "\x80\xff", "xn--\xe9"])
def test_host_does_not_matter(api: Any, host: str) -> None:
    """No Host header, however odd, keeps a request from its route."""
    assert api.ask("GET", "/health", headers={"Host": host}).status == 200


_TEXTS = st.text(max_size=60) | st.sampled_from(["", "\0", "%", "1", "true", "-1", "é" * 50])
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | _TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXTS, inner, max_size=3),
    max_leaves=8,
)


def _fields(document: Any, operation: Any) -> dict[str, Any]:
    if "requestBody" not in operation:
        return {}
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    name = schema.get("$ref", "").split("/")[-1]
    return document["components"]["schemas"].get(name, {}).get("properties", {})


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_no_input_is_an_error_of_ours(api: Any, data: st.DataObject) -> None:
    """Whatever is sent to whatever route, the answer is a documented one and no 500."""
    document = api.contract.document
    path = data.draw(st.sampled_from(sorted(document["paths"])))
    method = data.draw(st.sampled_from(sorted(document["paths"][path])))
    operation = document["paths"][path][method]
    known = api.stations.seed("known")
    api.seed_session(known)
    places = st.sampled_from(["known", "refused", "7", str(known.id)]) | _TEXTS.filter(bool)
    target = re.sub(r"{\w+}", lambda _: quote(data.draw(places), safe="") or "x", path)
    names = [
        parameter["name"] for parameter in operation["parameters"] if parameter["in"] == "query"
    ]
    query = data.draw(st.dictionaries(st.sampled_from([*names, "odd"]), _TEXTS, max_size=3))
    fields = _fields(document, operation)
    body = data.draw(
        st.dictionaries(st.sampled_from(sorted(fields)), _JSON, max_size=4) | _JSON
        if fields
        else st.none() | _JSON
    )
    reply = api.ask(
        method.upper(),
        target + ("?" + urlencode(query) if query else ""),
        None if body is None else json.dumps(body).encode(),
    )
    assert reply.status < 500
