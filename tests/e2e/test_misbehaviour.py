"""The charger that misbehaves, against the real server: both count alike, no money is lost."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections import Counter
from typing import Any

import pytest

from csms.testing.process import RunningCsms

pytestmark = pytest.mark.e2e

VERSIONS = ("1.6", "2.0.1", "2.1")
STATIONS = 6
MANY = 30
PATIENCE = 100
SUMMARY = re.compile(r"^  (\w+): (\d+)(?: \((\d+) refused\))?$", re.MULTILINE)
METERED = re.compile(r"session stopped \(\w+\), (\d+) Wh")
RULES: dict[str, tuple[str, ...]] = {
    "bad_message_id": ("bad_message_id",),
    "bad_number": ("bad_number",),
    "bad_time": ("bad_timestamp",),
    "boolean_as_text": ("not_a_boolean",),
    "clock_ahead": ("clock_ahead",),
    "connector_zero": ("meter_of_station",),
    "data_not_text": ("data_not_text",),
    "decimal_comma": ("decimal_comma",),
    "disputed_answer": ("answer_disputed",),
    "double_slash": ("doubled_slash",),
    "empty_frame": ("empty_frame",),
    "empty_list": ("empty_list",),
    "evse_as_string": ("text_for_number",),
    "extra_field": ("extra_field",),
    "fractional_number": ("fractional_number",),
    "fractional_register": ("fractional_number",),
    "half_surrogate": ("unstorable_text",),
    "late_status": ("status_out_of_order",),
    "long_text": ("too_long",),
    "malformed_call": ("malformed_call",),
    "missing_field": ("missing_field",),
    "no_subprotocol": ("no_subprotocol",),
    "no_transaction": ("meter_without_transaction",),
    "not_a_list": ("not_a_list",),
    "nul_at_end": ("unstorable_text",),
    "nul_inside": ("unstorable_text",),
    "null_field": ("null_field",),
    "null_payload": ("null_payload",),
    "number_as_string": ("text_for_number",),
    "origin_header": ("origin_header",),
    "other_case": ("spelling",),
    "out_of_range": ("out_of_range",),
    "padded_number": ("padded_text", "text_for_number"),
    "padded_token": ("padded_text",),
    "padded_value": ("spelling",),
    "percent_encoded_id": ("encoded_identity",),
    "quoted_number": ("quoted_text", "text_for_number"),
    "quoted_time": ("quoted_text",),
    "quoted_token": ("quoted_text",),
    "quoted_value": ("spelling",),
    "restarted_ids": ("restarted_message_ids",),
    "reused_id": ("reused_message_id",),
    "sequence_as_string": ("text_for_number",),
    "string_as_number": ("number_for_text",),
    "text_for_object": ("unreadable_field",),
    "time_of_1970": ("unset_clock",),
    "time_with_comma": ("timestamp_form",),
    "time_with_short_zone": ("timestamp_short_zone",),
    "time_with_space": ("timestamp_with_space",),
    "time_without_zone": ("timestamp_without_zone",),
    "token_as_number": ("number_for_text",),
    "trailing_slash": ("trailing_slash",),
    "unasked_answer": ("unasked_answer",),
    "unknown_error_code": ("unknown_error_code",),
    "unknown_measurand": ("unknown_measurand",),
    "unknown_message_type": ("unknown_message_type",),
    "unknown_reason": ("unknown_reason",),
    "unknown_send": ("unknown_send",),
    "unknown_status": ("unknown_status",),
    "unknown_stream": ("unknown_stream",),
    "unknown_transaction": (),
    "unknown_unit": ("unknown_unit",),
    "unknown_value": ("unknown_value",),
    "unreadable_field": ("unreadable_field",),
    "unreadable_frame": ("unreadable_frame",),
    "unusable_send": ("unusable_send",),
    "value_as_string": ("text_for_number",),
}
"""The rules under which the server counts what the simulator calls otherwise."""
OLDER = {"bad_transaction_id": ("no_transaction_number",)}
NEWER = {
    "bad_number": ("bad_number", "text_for_number"),
    "connector_zero": (),
    "decimal_comma": ("decimal_comma", "text_for_number"),
    "bad_transaction_id": (),
}


def ruled(version: str, done: dict[str, int]) -> Counter[str]:
    """What the server should have counted."""
    rules = RULES | (OLDER if version == "1.6" else NEWER)
    expected: Counter[str] = Counter()
    for name, count in done.items():
        for rule in rules[name]:
            expected[rule] += count
    return +expected


def counted(server: RunningCsms, identities: list[str]) -> Counter[str]:
    """What the server says of those stations."""
    found: Counter[str] = Counter()
    for identity in identities:
        listed = server.get(f"/api/v1/stations/{identity}/quirks")["items"]
        found.update({each["name"]: each["count"] for each in listed})
    return found


@pytest.fixture(scope="module")
def runs(server: RunningCsms) -> dict[str, str]:
    """What a few simulated chargers of each version say while they misbehave, all at once."""
    started = {
        version: subprocess.Popen(
            [sys.executable, "-m", "csms.sim", server.ocpp_url("{id}"),
             "--ocpp", version, "--stations", str(STATIONS), "--identity", f"MIS-{version}-{{n}}",
             "--sessions", "2", "--session-s", "4", "--pause-s", "1", "--meter-s", "1",
             "--token", "1234567", "--misbehave", "0.8", "--verbose", "--exit", "--finish"],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )
        for version in VERSIONS
    }  # fmt: skip
    try:
        said = {version: run.communicate(timeout=100)[0] for version, run in started.items()}
    finally:
        for run in started.values():
            run.kill()
    for version, run in started.items():
        assert run.returncode == 0, said[version][-5000:]
    return said


@pytest.mark.parametrize("version", VERSIONS)
def test_both_count_alike(server: RunningCsms, runs: dict[str, str], version: str) -> None:
    """Nothing is refused, the rules were met as often as the summary says, and every session has
    the energy that its charger metered."""
    done = {each[1]: int(each[2]) - int(each[3] or 0) for each in SUMMARY.finditer(runs[version])}
    assert len(done) > MANY, runs[version]
    identities = [f"MIS-{version}-{number}" for number in range(1, STATIONS + 1)]
    expected = ruled(version, done)
    # A state that comes after one without a good time is late for nobody but its sender.
    late = expected.pop("status_out_of_order", 0)
    found: Counter[str] = Counter()
    for _ in range(PATIENCE):
        found = counted(server, identities)
        noticed = found.pop("status_out_of_order", 0)
        if found == expected:
            break
        time.sleep(0.1)
    assert found == expected
    assert 0 < noticed <= late
    metered = sorted(int(each) for each in METERED.findall(runs[version]))
    sessions: list[dict[str, Any]] = [
        each
        for identity in identities
        for each in server.get(f"/api/v1/sessions?station={identity}")["items"]
    ]
    energies = sorted(each["energy_wh"] for each in sessions if each["energy_wh"])
    assert len(metered) == 2 * STATIONS
    assert energies == pytest.approx(metered, abs=1)
