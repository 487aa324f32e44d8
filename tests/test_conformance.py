"""The table of messages and the list of certification cases are true."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import attrs
import click.testing
import msgspec
import pytest
from twisted.internet.task import Clock

from csms.adapter.dialect import Dialect, Request
from csms.api.app import ApiPorts, routes
from csms.cli import main
from csms.conformance import (
    BOTH,
    FORMATS,
    FROM_STATION,
    TO_STATION,
    VERSIONS,
    Evidence,
    Proven,
    cases,
    certification_page,
    claims,
    load,
    messages_page,
    rows,
)
from csms.conformance.__main__ import main as write
from csms.conformance.certification import functions
from csms.conformance.evidence import Witnessed, gathered, saved
from csms.conformance.rows import command_of
from csms.conformance.served import SENT
from csms.core import commands as basic
from csms.core.charging.vocabulary import ClearProfiles
from csms.core.commands import Command, Raw
from csms.core.energy.vocabulary import ControlType, SendSignal, SetControl
from csms.core.locallists.vocabulary import SendLocalList
from csms.core.variables.networks import NetworkProfile, SetNetworkProfile
from csms.testing.examples import example

ROOT = Path(__file__).parents[1]
E2E = ROOT / "tests" / "e2e"

NETWORK = NetworkProfile(
    url="wss://csms.example/ocpp",
    interface="Wired0",
    message_timeout_s=30,
    security_profile=2,
)
SPOKEN: tuple[Command, ...] = (
    basic.ChangeAvailability(operative=True, evse_id=1),
    basic.ClearCache(),
    basic.RemoteStart(id_token="TAG", ref=1),
    basic.Reset(),
    basic.SendData(vendor_id="com.example"),
    basic.Trigger(message="Heartbeat"),
    basic.Trigger(message="LogStatusNotification"),
    basic.Unlock(evse_id=1),
    ClearProfiles(profile_id=1),
    SendLocalList(version=1, full=True),
    SendSignal(at=datetime(2026, 3, 1, tzinfo=UTC), signal=1),
    SetControl(
        control_id="C1",
        control_type=ControlType.LIMIT_MAX_DISCHARGE,
        is_default=True,
        settings={"priority": 0},
    ),
    SetNetworkProfile(slot=1, profile=NETWORK),
)
"""Commands that the smallest request of their kind is not known to say."""


@pytest.fixture(scope="module")
def evidence() -> Evidence:
    """What was recorded last."""
    return load()


def test_every_message_has_a_row(evidence: Evidence) -> None:
    """39, 64 and 91 messages, of which 14, 25 and 37 come from stations and 26, 40 and 55 go."""
    made = rows(evidence)
    assert Counter(row.version for row in made) == {"1.6": 39, "2.0.1": 64, "2.1": 91}
    coming = Counter(row.version for row in made if row.direction in (FROM_STATION, BOTH))
    assert coming == {"1.6": 14, "2.0.1": 25, "2.1": 37}
    going = Counter(row.version for row in made if row.direction in (TO_STATION, BOTH))
    assert going == {"1.6": 26, "2.0.1": 40, "2.1": 55}


def test_no_cell_is_empty(evidence: Evidence) -> None:
    """Each has a handler, a route and a test, for each direction where it goes both ways."""
    for row in rows(evidence):
        assert all((row.handlers, row.routes, row.tests)), row
        for direction in (FROM_STATION, TO_STATION):
            if row.direction in (direction, BOTH):
                assert evidence.tests(row.version, direction, row.message), (direction, row)


def test_the_routes_are_those_of_the_api(evidence: Evidence) -> None:
    """Every route of the table is in the route table, below the prefix."""
    names = [field.name for field in attrs.fields(ApiPorts) if field.name != "hash_password"]
    table = routes(ApiPorts(**dict.fromkeys(names)), lambda *_: None, Clock())
    known = {f"{route.method} {route.path.removeprefix('/api/v1')}" for route in table}
    told = {route for row in rows(evidence) for route in row.routes}
    assert told <= known, told - known


@pytest.mark.parametrize("name", VERSIONS)
def test_the_commands_spell_the_messages(name: str) -> None:
    """The command that the table names for a message is what the raw message amounts to, or is
    spelled as that message."""
    version = VERSIONS[name]
    dialect = Dialect(version)
    spelled: dict[str, set[type[Command]]] = {}
    for command in SPOKEN:
        request = dialect.request(command)
        if isinstance(request, Request):
            spelled.setdefault(request.action, set()).add(type(command))
    for action in version.outbound:
        document = version.schemas.documents[version.request_schema(action)]
        meant = dialect.interpret(Raw(action=action, payload=example(document)))
        wanted = command_of(SENT[action][0])
        assert type(meant) is wanted or wanted in spelled.get(action, ()), action


def test_nothing_is_left_of_other_messages() -> None:
    """The table names no message that no version has."""
    assert set(SENT) == {action for version in VERSIONS.values() for action in version.outbound}


def test_the_page_of_messages_is_up_to_date(evidence: Evidence) -> None:
    """`python -m csms.conformance` writes it anew from the tables and the last record."""
    page = (ROOT / "docs" / "conformance.rst").read_text(encoding="utf-8")
    assert page == messages_page(rows(evidence), "rst")


def test_the_named_tests_exist(evidence: Evidence) -> None:
    """None was renamed or removed since it was recorded."""
    there = {
        f"{path.stem}::{function}" for path in E2E.glob("test_*.py") for function in functions(path)
    }
    named = {test for row in rows(evidence) for test in row.tests}
    named |= {test for proven in evidence.cases.values() for test in proven.tests}
    assert named <= there, named - there


def test_every_certification_case_is_listed() -> None:
    """77 of 1.6, 252 of 2.0.1 (which are cases of 2.1 as well) and 77 more of 2.1, each once."""
    listed = cases()
    assert Counter(case.version for case in listed) == {"1.6": 77, "2.0.1": 252, "2.1": 77}
    assert len({case.id for case in listed}) == len(listed)


def test_every_certification_case_is_tested_or_explained() -> None:
    """Either a test bears its id, or there is a reason why none does; not both."""
    claimed = claims(E2E)
    listed = cases()
    missing = [case.id for case in listed if case.id not in claimed and case.reason is None]
    assert not missing, "no test and no reason"
    excused = [case.id for case in listed if case.id in claimed and case.reason is not None]
    assert not excused, "a reason although there is a test"


def test_tests_bear_no_unknown_ids() -> None:
    """An id that is misspelt would prove nothing."""
    known = {case.id for case in cases()}
    assert {name for name in claims(E2E) if name not in known} == set()


def test_the_page_of_cases_is_up_to_date(evidence: Evidence) -> None:
    """`python -m csms.conformance` writes it anew from the list and the tests."""
    claimed = {name: tuple(tests) for name, tests in claims(E2E).items()}
    assert {name: proven.tests for name, proven in evidence.cases.items()} == claimed
    page = (ROOT / "docs" / "certification.rst").read_text(encoding="utf-8")
    assert page == certification_page(cases(), evidence, "rst")


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("what", ["--table", "--certification"])
def test_the_command_shows_the_pages(what: str, form: str) -> None:
    """In every form, from what is shipped; JSON can be read by machines."""
    shown = click.testing.CliRunner().invoke(main, ["conformance", what, "--format", form])
    assert shown.exit_code == 0, shown.output
    if form == "json":
        assert len(msgspec.json.decode(shown.output)) == (194 if what == "--table" else 406)
    else:
        assert ("BootNotification" if what == "--table" else "TC_B_01") in shown.output


def test_the_command_shows_one_page_at_a_time() -> None:
    """Both at once are refused."""
    shown = click.testing.CliRunner().invoke(main, ["conformance", "--table", "--certification"])
    assert shown.exit_code == 2


def test_the_record_prefers_tests_of_the_message() -> None:
    """Tests that say little else come first, such as walk through all messages last."""
    reset = ("1.6", TO_STATION, "Reset")
    boot = ("1.6", FROM_STATION, "BootNotification")
    beat = ("1.6", FROM_STATION, "Heartbeat")
    records = [
        Witnessed("test_every_message::test_out", "1.6]", (reset, boot)),
        Witnessed("test_a::test_tc_013_reset", "TC_013]", (beat, boot, reset)),
        Witnessed("test_b::test_reset", "", (boot, reset)),
        Witnessed("test_c::test_boot", "", (boot,)),
    ]
    claimed = {"TC_013": ["test_a::test_tc_013_reset"], "TC_014": ["test_a::test_tc_013_reset"]}
    made = gathered(records, claimed, Evidence())
    assert made.tests("1.6", TO_STATION, "Reset") == (
        "test_a::test_tc_013_reset",
        "test_b::test_reset",
    )
    assert made.tests("1.6", FROM_STATION, "BootNotification") == (
        "test_b::test_reset",
        "test_c::test_boot",
    )
    assert made.cases["TC_013"] == Proven(("test_a::test_tc_013_reset",), ("1.6",))


def test_without_a_record_the_last_one_counts() -> None:
    """Only the certification cases are looked for again."""
    last = Evidence({"1.6": {}}, {"TC_013": Proven(("gone",), ("1.6",))})
    made = gathered([], {"TC_013": ["test_a::test_tc_013"]}, last)
    assert made == Evidence({"1.6": {}}, {"TC_013": Proven(("test_a::test_tc_013",), ("1.6",))})
    assert msgspec.json.decode(saved(made), type=Evidence) == made


def test_versions_are_those_of_the_parameters_that_bear_the_id() -> None:
    """Where none does, all that the test was run with count."""
    beat = "Heartbeat"
    records = [
        Witnessed("test_a::test_it", "TC_K_10-2.0.1]", (("2.0.1", FROM_STATION, beat),)),
        Witnessed("test_a::test_it", "TC_K_101-2.1]", (("2.1", FROM_STATION, beat),)),
    ]
    claimed = {name: ["test_a::test_it"] for name in ("TC_K_10", "TC_K_101", "TC_K_01")}
    made = gathered(records, claimed, Evidence())
    assert {name: proven.versions for name, proven in made.cases.items()} == {
        "TC_K_10": ("2.0.1",),
        "TC_K_101": ("2.1",),
        "TC_K_01": ("2.0.1", "2.1"),
    }


def test_everything_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The record and both pages, from what the tests of the checkout wrote."""
    monkeypatch.chdir(tmp_path)
    for folder in ("tests/e2e", "csms/conformance", "docs", "records"):
        Path(folder).mkdir(parents=True)
    Path("tests/e2e/test_a.py").write_text('def test_tc_001_boot():\n    """It boots."""\n')
    record = Witnessed("test_a::test_tc_001_boot", "", (("1.6", FROM_STATION, "BootNotification"),))
    Path("records/1.jsonl").write_bytes(msgspec.json.encode(record) + b"\n")
    write(["records"])
    made = msgspec.json.decode(Path("csms/conformance/evidence.json").read_bytes(), type=Evidence)
    assert made.tests("1.6", FROM_STATION, "BootNotification") == ("test_a::test_tc_001_boot",)
    assert made.cases == {"TC_001": Proven(("test_a::test_tc_001_boot",), ("1.6",))}
    for page in ("conformance", "certification"):
        assert "test_a::test_tc_001_boot" in Path(f"docs/{page}.rst").read_text()
