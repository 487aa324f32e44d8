"""Which variables hold secrets."""

from __future__ import annotations

import pytest

from csms.core.variables.secrets import is_password, is_secret, readable
from csms.core.variables.vocabulary import Told, VariableName


@pytest.mark.parametrize(
    ("name", "secret", "password"),
    [
        (VariableName(variable="authorizationKEY"), True, True),
        (VariableName(component="securityctrlr", variable="basicauthpassword"), True, True),
        (VariableName(component="Other", variable="BasicAuthPassword"), True, False),
        (VariableName(component="NetworkConfiguration", variable="ApnPassword"), True, False),
        (VariableName(variable="HeartbeatInterval"), False, False),
    ],
)
def test_names(name: VariableName, secret: bool, password: bool) -> None:
    """Known by their names, whatever the case; one of them lets the station in."""
    assert (is_secret(name), is_password(name)) == (secret, password)


def test_values() -> None:
    """Those of secrets are taken away."""
    assert readable(Told(variable="AuthorizationKey", value="s")).value is None
    assert readable(Told(variable="K", value="v")).value == "v"
