"""Strategies for payloads keep their promise."""

from __future__ import annotations

from hypothesis import HealthCheck, find, given, settings
from hypothesis import strategies as st

from csms.adapter.schema import Schemas
from csms.testing.payloads import any_json, mutated, payloads

SCHEMAS = Schemas("v16")


@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(name=st.sampled_from(sorted(SCHEMAS.documents)), data=st.data())
def test_payloads_are_valid_by_their_schema(name: str, data: st.DataObject) -> None:
    """Every payload drawn from a schema is accepted by it, formats included."""
    payload = data.draw(payloads(SCHEMAS.documents[name]))
    assert SCHEMAS.accepts(name, payload)
    assert SCHEMAS.outbound_flaw(name, payload) is None


def test_payloads_of_open_kinds() -> None:
    """Booleans and numbers, which few messages have, are drawn too."""
    schema = {"type": "object", "properties": {"a": {"type": "boolean"}}, "required": ["a"]}
    assert find(payloads(schema), lambda payload: payload["a"]) == {"a": True}


def test_mutations_break_payloads() -> None:
    """A mutation can make any message invalid, and a valid one can come of it."""
    schema = SCHEMAS.documents["StatusNotification"]
    find(mutated(schema), lambda payload: not SCHEMAS.accepts("StatusNotification", payload))
    find(mutated(schema), lambda payload: SCHEMAS.accepts("StatusNotification", payload))


def test_any_json_has_text_that_cannot_be_stored() -> None:
    """NUL is among what any JSON may hold."""
    assert find(any_json, lambda value: isinstance(value, str) and "\0" in value) == "\0"
