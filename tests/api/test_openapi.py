"""The OpenAPI document."""

from __future__ import annotations

import re
from typing import Any

import jsonschema_rs
import pytest
from msgspec import defstruct

from csms.api import openapi
from csms.api.routes import Answer, Route
from csms.api.shapes import Listed, View


@pytest.fixture
def document(api: Any) -> dict[str, Any]:
    """The document as served."""
    return api.ask("GET", "/api/v1/openapi.json").json


def test_head_of_the_document(document: dict[str, Any]) -> None:
    """It says what it is."""
    assert document["openapi"] == "3.1.0"
    assert document["info"]["title"] == "csms"
    assert document["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    """No `$ref` is dangling."""
    for reference in set(re.findall(r"'\$ref': '#/([^']*)'", str(document))):
        place: Any = document
        for part in reference.split("/"):
            place = place[part]


def test_every_schema_is_one(document: dict[str, Any]) -> None:
    """Component schemas are valid JSON Schema 2020-12."""
    for schema in document["components"]["schemas"].values():
        jsonschema_rs.meta.validate(
            {**schema, "$schema": "https://json-schema.org/draft/2020-12/schema"}
        )


def test_path_variables_are_parameters(document: dict[str, Any]) -> None:
    """Each variable of a path is described, and required."""
    for path, methods in document["paths"].items():
        for operation in methods.values():
            described = {
                parameter["name"]
                for parameter in operation["parameters"]
                if parameter["in"] == "path" and parameter["required"]
            }
            assert described == set(re.findall(r"{(\w+)}", path))


def test_operations_tell_their_refusals(document: dict[str, Any]) -> None:
    """Statuses of refusal are documented where they can happen."""
    put = document["paths"]["/api/v1/stations/{identity}"]["put"]
    assert {"200", "201", "400", "401", "403", "404", "409", "413", "415", "422", "500", "503"} == {
        *put["responses"]
    }
    assert "415" not in document["paths"]["/api/v1/stations"]["get"]["responses"]


def test_public_operations_say_so(document: dict[str, Any]) -> None:
    """Where no token is needed the document says it."""
    assert document["paths"]["/health"]["get"]["security"] == []
    assert "security" not in document["paths"]["/api/v1/stations"]["get"]


def test_filters_are_documented(document: dict[str, Any]) -> None:
    """A list's filters and sorts come from its declaration."""
    parameters = {
        parameter["name"]: parameter
        for parameter in document["paths"]["/api/v1/sessions"]["get"]["parameters"]
    }
    assert parameters["status"]["schema"]["enum"] == ["active", "ended", "suspect"]
    assert "-started_at" in parameters["sort"]["schema"]["enum"]
    assert parameters["started_from"]["schema"]["format"] == "date-time"
    assert not parameters["limit"].get("required")


def test_request_shapes_refuse_more(document: dict[str, Any]) -> None:
    """Documented request shapes say that unknown fields are refused."""
    shape = document["components"]["schemas"]["StationDeclaration"]
    assert shape["additionalProperties"] is False


def test_secrets_are_in_no_response(document: dict[str, Any]) -> None:
    """No answer has a place for a station's password or its hash."""
    for name, schema in document["components"]["schemas"].items():
        if name.endswith("View") or name == "ChargePoint":
            assert not {"password", "password_hash"} & {*schema["properties"]}, name


def _shape(module: str) -> type[View]:
    bases = (View,)
    return defstruct("ThingView", [("a", int)], bases=bases, module=module, frozen=True)


def _route(number: int, answer: Any) -> Route:
    async def handler(*_args: object) -> Answer:
        raise AssertionError("nobody asks")

    return Route(
        method="GET",
        path=f"/{number}",
        name=f"r{number}",
        summary="x",
        tag="x",
        handler=handler,
        answers={200: answer},
    )


@pytest.mark.parametrize("wrapped", [(False, False), (True, True), (True, False)])
def test_no_two_shapes_have_one_name(wrapped: tuple[bool, bool]) -> None:
    """Of two that have the document is not made, so that these tests fail."""
    shapes = map(_shape, ("one", "other"))
    answers = [
        Listed[shape] if whole else shape for shape, whole in zip(shapes, wrapped, strict=True)
    ]
    routes = [_route(number, answer) for number, answer in enumerate(answers)]
    with pytest.raises(ValueError, match="name"):
        openapi.document(routes)
    assert "ThingView" in openapi.document(routes[:1])["components"]["schemas"] or wrapped[0]


def test_words_of_triggers_are_told(document: dict[str, Any]) -> None:
    """Those of all versions, for a trigger is the same for each."""
    words = document["components"]["schemas"]["Triggerable"]["enum"]
    assert {"SignChargePointCertificate", "SignChargingStationCertificate"} < set(words)
