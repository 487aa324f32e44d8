"""How much fits into one message."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from csms.core.variables.portions import (
    ITEM_OVERHEAD,
    Portioned,
    alone,
    first_limit,
    limit,
    limits,
    portions,
)
from csms.core.variables.vocabulary import VariableName, Wanted

A = VariableName(component="C", variable="A")
B = VariableName(component="C", variable="B")


def test_the_least_limit_counts() -> None:
    """Of those that are known and are numbers."""
    assert limit({}, (A, B)) is None
    assert limit({A.key: " 5 ", B.key: "3"}, (A, B)) == 3
    assert limit({A.key: "0", B.key: "many"}, (A, B)) is None
    assert limit({A.key: "9" * 40, B.key: "²"}, (A, B)) is None


def test_where_limits_stand() -> None:
    """DeviceDataCtrlr and MonitoringCtrlr, and a key of 1.6 for what it reads."""
    names, size = limits(Portioned.READ)
    assert [name.variable for name in names] == ["ItemsPerMessage", "GetConfigurationMaxKeys"]
    assert (size.component, size.variable_instance) == ("DeviceDataCtrlr", "GetVariables")
    names, _ = limits(Portioned.CLEAR_MONITORS)
    assert [(name.component, name.variable_instance) for name in names] == [
        ("MonitoringCtrlr", "ClearVariableMonitoring")
    ]


def test_which_limit_is_asked_for() -> None:
    """One that says how many items go into a message."""
    assert first_limit(Portioned.READ, keys=True) == Wanted(variable="GetConfigurationMaxKeys")
    name = first_limit(Portioned.WRITE, keys=False)
    assert (name.variable, name.variable_instance) == ("ItemsPerMessage", "SetVariables")


def test_keys_go_alone() -> None:
    """A configuration key is changed by a message of its own."""
    assert alone([A, VariableName(variable="K")])
    assert not alone([A, B])


@given(
    items=st.lists(st.text(max_size=20)),
    most=st.integers(1, 5),
    most_bytes=st.none() | st.integers(1, 1000),
)
def test_portions(items: list[str], most: int, most_bytes: int | None) -> None:
    """All items in their order, no portion empty or too much, unless one item alone is."""
    split = portions(items, most, most_bytes)
    assert [item for portion in split for item in portion] == items
    for portion in split:
        assert 1 <= len(portion) <= most
        size = sum(len(item.encode()) + ITEM_OVERHEAD for item in portion)
        assert most_bytes is None or len(portion) == 1 or size <= most_bytes
