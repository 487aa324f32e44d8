"""The schemas that payloads are held against."""

from __future__ import annotations

from csms.sim.schema import load_schemas


def test_all_actions_of_1_6() -> None:
    """OCPP 1.6 with its security extension has 39 messages."""
    schemas = load_schemas("v16", "")
    assert len(schemas.actions) == 39
    assert {"BootNotification", "TriggerMessage", "SignCertificate"} <= schemas.actions


def test_every_schema_compiles() -> None:
    """No schema of a request or an answer is broken."""
    schemas = load_schemas("v16", "")
    for action in schemas.actions:
        assert schemas.request_problem(action, 5) is not None
        assert schemas.answer_problem(action, 5) is not None


def test_legal_payload() -> None:
    """A legal payload has no problem."""
    schemas = load_schemas("v16", "")
    assert schemas.request_problem("Authorize", {"idTag": "A"}) is None
    assert schemas.answer_problem("Authorize", {"idTagInfo": {"status": "Blocked"}}) is None


def test_problem_names_rule_and_place() -> None:
    """A problem says which rule is broken and where."""
    problem = load_schemas("v16", "").answer_problem("Authorize", {"idTagInfo": {"status": "X"}})
    assert problem is not None
    assert problem.rule == "Enum"
    assert problem.text.startswith("['idTagInfo']['status']")


def test_later_versions_have_the_same_layout() -> None:
    """The folders of 2.0.1 and 2.1 are read the same way, with their suffix."""
    assert len(load_schemas("v201", "Request").actions) == 64
    assert len(load_schemas("v21", "Request").actions) == 90
