"""Configuration keys of OCPP 1.6."""

from __future__ import annotations

from typing import Any

import pytest

CORE_KEYS = {
    "AllowOfflineTxForUnknownId",
    "AuthorizeRemoteTxRequests",
    "ClockAlignedDataInterval",
    "ConnectionTimeOut",
    "ConnectorPhaseRotation",
    "GetConfigurationMaxKeys",
    "HeartbeatInterval",
    "LocalAuthorizeOffline",
    "LocalPreAuthorize",
    "MeterValueSampleInterval",
    "MeterValuesAlignedData",
    "MeterValuesSampledData",
    "NumberOfConnectors",
    "ResetRetries",
    "StopTransactionOnEVSideDisconnect",
    "StopTransactionOnInvalidId",
    "StopTxnAlignedData",
    "StopTxnSampledData",
    "SupportedFeatureProfiles",
    "TransactionMessageAttempts",
    "TransactionMessageRetryInterval",
    "UnlockConnectorOnEVSideDisconnect",
}
"""Keys that the Core profile requires (1.6 §9.1)."""


def get(script: Any, *keys: str) -> Any:
    return script.ask("GetConfiguration", {"key": list(keys)} if keys else {})


def change(script: Any, key: str, value: str) -> str:
    return str(script.ask("ChangeConfiguration", {"key": key, "value": value})["status"])


def value(script: Any, key: str) -> str:
    return str(get(script, key)["configurationKey"][0]["value"])


def test_all_required_keys(online: Any, script: Any, v16: Any) -> None:
    """Without a wish all keys are told, every required one among them; the password is not."""
    online(connectors=3)
    answer = get(script)
    names = {entry["key"] for entry in answer["configurationKey"]}
    assert names >= CORE_KEYS
    assert "AuthorizationKey" not in names
    assert "unknownKey" not in answer
    assert v16.schemas.answer_problem("GetConfiguration", answer) is None
    assert value(script, "NumberOfConnectors") == "3"


def test_some_keys(online: Any, script: Any) -> None:
    """Wanted keys are told, whatever the case of their letters; unknown ones are named."""
    online()
    answer = get(script, "heartbeatINTERVAL", "Nonsense", "AuthorizationKey")
    assert answer == {
        "configurationKey": [{"key": "HeartbeatInterval", "readonly": False, "value": "300"}],
        "unknownKey": ["Nonsense", "AuthorizationKey"],
    }


def test_too_many_keys(online: Any, script: Any) -> None:
    """More keys than GetConfigurationMaxKeys are refused."""
    online()
    assert get(script, *(f"Key{number}" for number in range(51))) == "OccurenceConstraintViolation"


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("MeterValueSampleInterval", "15"),
        ("MeterValuesSampledData", "SoC,Power.Active.Import"),
        ("StopTxnSampledData", ""),
        ("AuthorizeRemoteTxRequests", "true"),
        ("ConnectionTimeOut", "90"),
    ],
)
def test_change(online: Any, script: Any, key: str, text: str) -> None:
    """A changed key is told as it was set."""
    online()
    assert change(script, key, text) == "Accepted"
    assert value(script, key) == text


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("MeterValueSampleInterval", "-1"),
        ("MeterValueSampleInterval", "often"),
        ("HeartbeatInterval", "0"),
        ("MeterValuesSampledData", "Temperature"),
        ("AuthorizeRemoteTxRequests", "yes"),
        ("TransactionMessageAttempts", "0"),
        ("AuthorizationKey", "short"),
        ("NumberOfConnectors", "4"),
        ("ClockAlignedDataInterval", "now"),
        ("SupportedFeatureProfiles", "SmartCharging"),
    ],
)
def test_rejected(online: Any, script: Any, key: str, text: str) -> None:
    """Values that make no sense and keys that cannot be changed are rejected."""
    online()
    before = get(script)
    assert change(script, key, text) == "Rejected"
    assert get(script) == before


def test_not_supported(online: Any, script: Any) -> None:
    """An unknown key is not supported."""
    online()
    assert change(script, "LightIntensity", "50") == "NotSupported"


@pytest.mark.parametrize(
    ("text", "password"),
    [
        ("00" * 16, b"\x00" * 16),
        ("ab" * 20, b"\xab" * 20),
        ("x" * 32, b"x" * 32),
        ("a plain password", b"a plain password"),
    ],
)
def test_password(online: Any, script: Any, text: str, password: bytes) -> None:
    """A password is taken for hexadecimal where it can be, else for text."""
    charger = online()
    assert change(script, "AuthorizationKey", text) == "Accepted"
    assert charger.settings.password == password
