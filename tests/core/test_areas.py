"""The areas, put together."""

from __future__ import annotations

import pytest

from csms.core.areas import COMMANDS, merged


def test_areas_are_put_together() -> None:
    """With the rows of each."""
    assert merged("a rule", ({int: 1}, {}, {str: 2})) == {int: 1, str: 2}


def test_no_area_takes_another_s_place() -> None:
    """Of two rows for one thing only one would count, so the program does not start."""
    with pytest.raises(ValueError, match="two areas have a rule of int"):
        merged("a rule", ({int: 1}, {int: 1}))


def test_commands_are_told_apart() -> None:
    """Each is listed once, under a name of its own."""
    tags = [command.__struct_config__.tag for command in COMMANDS]
    assert len(set(tags)) == len(tags) == len(set(COMMANDS))
