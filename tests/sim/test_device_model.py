"""The description of a charger's variables."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from csms.sim.device_model import Spot
from csms.sim.variables import Catalogue, Scope, Type, Variable


def test_size_and_names(v201: Any) -> None:
    """There are several hundred variables, each there once, and none is written in vain."""
    names = Counter(
        (each.scope, each.component, each.component_instance, each.name, each.instance)
        for each in v201.catalogue.variables
    )
    assert len(names) > 300
    assert not [name for name, count in names.items() if count > 1]
    assert all(len(each.component) <= 50 >= len(each.name) for each in v201.catalogue.variables)


def test_factory_values(v201: Any, online201: Any) -> None:
    """Every variable can be read, and its value is one that it may have."""
    model = online201().equipment.model
    for spot in model.spots():
        variable = spot.variable
        if variable.mutability == "ReadWrite":
            assert not variable.problem(model.read(spot)), variable
        assert isinstance(model.read(spot), str)


def test_instances() -> None:
    """Components may have instances."""
    variable = Variable(component="Meter", component_instance="1", name="X", value="1")
    catalogue = Catalogue((variable,))
    assert catalogue.find(Scope.STATION, "METER", "1", "x", None) is variable
    assert catalogue.find(Scope.STATION, "Meter", None, "X", None) == "UnknownComponent"
    assert Spot(variable).component == {"name": "Meter", "instance": "1"}


@pytest.mark.parametrize(
    ("type_", "good", "bad"),
    [
        (Type.TIME, "2026-01-01T00:00:00Z", "tomorrow"),
        (Type.SEQUENCE, "a,b", "a,c"),
        (Type.OPTION, "a", "a,b"),
        (Type.DECIMAL, "-1.5", "x"),
        (Type.INTEGER, "+7", "7.5"),
        (Type.BOOLEAN, "TRUE", "1"),
    ],
)
def test_types(type_: Type, good: str, bad: str) -> None:
    """A value must be of its variable's type."""
    variable = Variable(component="C", name="V", type=type_, values="a,b")
    assert not variable.problem(good)
    assert variable.problem(bad)
