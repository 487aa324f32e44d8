"""The device models in memory."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from zope.interface.verify import verifyObject

from csms.core.pages import Query
from csms.core.ports import IVariables, Variable, VariableChange
from csms.testing.desk import immediate
from csms.testing.stations import MemoryStations
from csms.testing.variables import MemoryVariables

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_interface() -> None:
    """It provides what it promises."""
    assert verifyObject(IVariables, MemoryVariables(MemoryStations(lambda: NOW)))


def test_what_is_seeded() -> None:
    """It is listed, filtered, counted and pruned like in the database."""
    stations = MemoryStations(lambda: NOW)
    stations.seed("CS1")
    memory = MemoryVariables(stations)
    for name, removed in (("B", None), ("a", None), ("Gone", NOW)):
        variable = Variable(
            id=0,
            component="C",
            variable=name,
            value="1",
            reboot_required=True,
            reported_at=NOW,
            changed_at=NOW,
            removed_at=removed,
        )
        memory.seed("CS1", variable)
    names = [each.variable for each in immediate(memory.list(Query(), "CS1", 1)).items]
    assert names == ["a", "B"]
    gone = Query(filters={"removed": True, "component": "c", "variable": "gone"})
    assert len(immediate(memory.list(gone, "CS1", 1)).items) == 1
    assert [each.variable for each in immediate(memory.awaiting_boot("CS1", 1))] == ["B", "a"]
    key = Variable(id=0, component="C", variable="B", reported_at=NOW, changed_at=NOW).key
    assert immediate(memory.values("CS1", 1, [key])) == {key: "1"}
    for hours in range(3):
        at = NOW + timedelta(hours=hours)
        change = VariableChange(
            id=0,
            component="C",
            variable="B",
            old=None,
            new="1",
            how="set",
            operation_id=None,
            at=at,
        )
        memory.seed_change("CS1", change)
    between = {"at_from": NOW, "at_to": NOW + timedelta(hours=1), "component": "C"}
    page = immediate(memory.history(Query(filters=between), "CS1", 1))
    assert [each.at for each in page.items] == [NOW]
    assert immediate(memory.prune_history(NOW + timedelta(hours=2), 1)) == 1
