"""The variables of paths."""

from __future__ import annotations

import re
from typing import Any

from csms.api.parameters import PARAMETERS


def test_exactly_the_variables_in_use_are_described(api: Any) -> None:
    """No path has a variable without a description, and none is described in vain."""
    used = {
        name for path in api.contract.document["paths"] for name in re.findall(r"{(\w+)}", path)
    }
    assert used == {*PARAMETERS}
