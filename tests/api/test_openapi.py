"""The OpenAPI document."""

from __future__ import annotations

import re
from typing import Any

import jsonschema_rs
import pytest


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
