"""What a log event becomes as a line."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from enum import StrEnum
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.logger import LegacyLogObserverWrapper, Logger, LogLevel, LogPublisher
from twisted.python.failure import Failure

from csms.core.values import StationKey, Token
from csms.logs import LineObserver, Threshold, colored_console_line, console_line, json_line


class Lines:
    """An observer with a log to feed it and what came of that."""

    def __init__(self, render=json_line, level="info", exceptions=(), sink=None):
        self.sink = sink or BytesIO()
        self.observer = LineObserver(
            sink=self.sink, render=render, threshold=Threshold.of(level, exceptions)
        )
        self.log = self.named("csms.gateway.link")

    def named(self, namespace):
        """A log of another part of the software."""
        return Logger(namespace=namespace, observer=self.observer)

    @property
    def text(self) -> str:
        """Everything written."""
        return self.sink.getvalue().decode()

    @property
    def records(self) -> list[dict]:
        """The JSON lines written."""
        return [json.loads(line, parse_constant=pytest.fail) for line in self.text.splitlines()]

    @property
    def record(self) -> dict:
        """The one JSON line written."""
        [record] = self.records
        return record


class Broken:
    """A value that cannot be shown."""

    def __str__(self):
        raise RuntimeError("no")

    __repr__ = __str__
    __format__ = None


class Full:
    """A disk without room."""

    def write(self, data):
        raise OSError(28, "No space left on device")

    def flush(self):
        raise OSError(28, "No space left on device")


class Color(StrEnum):
    """An enumeration."""

    RED = "red"


def test_an_event_is_one_json_object_on_one_line():
    """Time, level, namespace, message, station and session lead, the fields follow."""
    lines = Lines()
    lines.log.warn("{peer} is slow", peer="10.0.0.1", seconds=3, station="CP1", session="S1")
    assert lines.text.endswith("}\n")
    assert list(lines.record) == [
        *("time", "level", "namespace", "message", "station", "session", "peer", "seconds")
    ]
    assert lines.record | {"time": ""} == {
        "time": "",
        "level": "warn",
        "namespace": "csms.gateway.link",
        "message": "10.0.0.1 is slow",
        "station": "CP1",
        "session": "S1",
        "peer": "10.0.0.1",
        "seconds": 3,
    }


def test_the_time_is_utc_and_ends_in_z():
    """No line depends on where the server stands."""
    event = {"log_time": 1_700_000_000.1234, "log_level": LogLevel.info, "log_format": "a"}
    assert json.loads(json_line(event))["time"] == "2023-11-14T22:13:20.123Z"


def test_station_and_session_are_always_fields():
    """Null says that an event concerns neither."""
    lines = Lines()
    lines.log.info("started")
    assert (lines.record["station"], lines.record["session"]) == (None, None)


def test_a_record_is_logged_by_name_only():
    """Records may hold what must not be logged, so their name stands for them."""
    lines = Lines()
    key = StationKey(id=7, identity="CP1")
    lines.log.info("x", station=key, about=Token(id_token="SECRET"))
    assert lines.record["station"] == "CP1"
    assert lines.record["about"] == "Token"
    assert "SECRET" not in lines.text


def test_a_failure_brings_its_traceback():
    """As one field, beside the message that says what was being done."""
    lines = Lines()
    try:
        {}["nothing there"]
    except KeyError:
        lines.log.failure("while looking", station="CP1")
    assert lines.record["message"] == "while looking"
    assert lines.record["level"] == "critical"
    assert lines.record["traceback"].rstrip().endswith("builtins.KeyError: 'nothing there'")


def test_a_failure_without_words_is_told_by_its_error():
    """Twisted reports errors nobody handled without a message of their own."""
    lines = Lines()
    lines.log.failure("", Failure(LookupError("nothing there")))
    assert lines.record["message"] == "nothing there"


def test_a_failure_of_the_old_interface_has_its_traceback_once():
    """``twisted.python.log.err`` writes it into the text as well."""
    failure = Failure(LookupError("gone"))
    lines = Lines()
    lines.observer(
        {
            "isError": 1,
            "failure": failure,
            "why": "while looking",
            "message": (),
            "time": 1.0,
            "system": "-",
            "log_text": failure.getTraceback(),
            "log_format": "{log_text}",
            "log_namespace": "log_legacy",
            "log_level": LogLevel.critical,
            "log_time": 1.0,
        }
    )
    assert lines.record["message"] == "while looking"
    assert lines.text.count("gone") == 1
    assert "system" not in lines.record


def test_keys_that_old_observers_add_are_left_out():
    """A neighbour of the old interface writes into the event before we see it."""
    lines = Lines()
    both = LogPublisher(LegacyLogObserverWrapper(lambda event: None), lines.observer)
    Logger(namespace="csms", observer=both).info("said {word}", word="hello")
    assert list(lines.record)[6:] == ["word"]


def test_a_field_cannot_hide_a_leading_one():
    """A field that has the name of a leading one is renamed."""
    lines = Lines()
    lines.log.info("a {message}", message="b", time=3, traceback=4)
    assert lines.record["message"] == "a b"
    assert (lines.record["message_"], lines.record["time_"], lines.record["traceback_"]) == (
        *("b", 3, 4),
    )


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, None),
        (True, True),
        (3, 3),
        (2**64, "0x10000000000000000"),
        (1.5, 1.5),
        (float("nan"), "nan"),
        (float("-inf"), "-inf"),
        ("Thai ไทย", "Thai ไทย"),
        (b"\xffab", "\\xffab"),
        (datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), "2026-01-02T03:04:05Z"),
        (date(2026, 1, 2), "2026-01-02"),
        (Color.RED, "red"),
        ({1: {2}}, {"1": [2]}),
        ((1, [2, (3,)]), [1, [2, [3]]]),
        ([[[[[5]]]]], [[[["..."]]]]),
        (Failure(ValueError("bad")), "bad"),
        (ValueError("bad"), "bad"),
        (Broken(), "<Broken>"),
        ("x" * 5000, "x" * 2000 + "..."),
        (list(range(100)), list(range(50))),
        (dict.fromkeys(range(100)), dict.fromkeys(map(str, range(50)))),
    ],
)
def test_any_value_has_a_form_in_json(value, shown):
    """What JSON has no type for becomes text; what is large is cut."""
    lines = Lines()
    lines.log.info("x", value=value)
    assert lines.record["value"] == shown


def test_a_value_that_holds_itself_ends_somewhere():
    """Depth is bounded."""
    value: list[object] = []
    value.append(value)
    lines = Lines()
    lines.log.info("x", value=value)
    assert lines.record["value"] == [[[["..."]]]]


def test_the_number_of_fields_is_bounded():
    """Whatever somebody passes as fields."""
    lines = Lines()
    lines.log.info("x", **{f"field{number}": number for number in range(200)})
    assert len(lines.record) == 6 + 50


def test_messages_and_tracebacks_are_bounded():
    """A line stays one that log collectors take."""
    lines = Lines()
    lines.log.failure("{text}", Failure(ValueError("y" * 100_000)), text="x" * 100_000)
    assert len(lines.record["message"]) == 8000
    assert len(lines.record["traceback"]) == 16_003
    assert len(lines.text) < 30_000


@pytest.mark.parametrize("render", [json_line, console_line])
def test_control_characters_never_reach_a_line(render):
    """Nobody who names a station can forge a line or speak to a terminal."""
    lines = Lines(render)
    evil = "a\r\nb\x1b[31mc\x9bd\u2028e\u202ef\x7f\ud800"
    lines.log.info("from {evil}", evil=evil, other=evil, station=evil)
    line = lines.text.removesuffix("\n")
    assert line.isprintable()
    assert len(line.splitlines()) == 1


def test_json_keeps_what_it_escapes():
    """Escapes are JSON's own, so that readers get the value back."""
    lines = Lines()
    evil = "a\r\nb\x1b[31mc\x9bd\u2028e\u202ef\x7f"
    lines.log.info("x", evil=evil)
    assert lines.record["evil"] == evil


def test_an_event_that_cannot_be_rendered_is_told_of():
    """Logging never raises into the code that logs."""

    def render(event):
        if "kind" not in event:
            raise KeyError("log_x")
        return json_line(event)

    lines = Lines(render)
    lines.log.info("x")
    assert lines.record["message"] == "A log event that cannot be written: KeyError"


def test_a_format_that_does_not_fit_is_told_of():
    """A message that names a field it was not given is still a line."""
    lines = Lines()
    lines.log.info("{nothing}")
    assert lines.record["message"].startswith("Unable to format event")


def test_a_sink_that_fails_is_left_alone():
    """A full disk stops the log, not the server."""
    lines = Lines(sink=Full())
    lines.log.info("x")
    closed = BytesIO()
    closed.close()
    Lines(sink=closed).log.info("x")


@given(
    st.dictionaries(
        st.text(),
        st.recursive(
            st.none()
            | st.booleans()
            | st.integers()
            | st.floats()
            | st.text()
            | st.binary()
            | st.datetimes(),
            lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
            max_leaves=10,
        ),
    )
)
def test_any_event_is_exactly_one_line_of_json_and_of_text(event):
    """Whatever an event holds, both forms make one line of it."""
    record = json.loads(json_line(event), parse_constant=pytest.fail)
    assert {"time", "level", "message", "station", "session"} <= record.keys()
    assert console_line(event).isprintable()


@pytest.mark.parametrize(
    ("level", "exceptions", "passed"),
    [
        ("debug", (), {"own debug", "own info", "lib debug", "lib info", "lib warn", "out info"}),
        ("info", (), {"own info", "lib warn", "out info"}),
        ("warn", (), {"lib warn"}),
        ("error", (), set()),
        ("error", ("twisted=info",), {"lib info", "lib warn"}),
        ("error", ("twisted.web=info", "twisted=error"), {"lib info", "lib warn"}),
        ("error", ("twisted.we=info",), set()),
        ("info", ("csms=debug",), {"own debug", "own info", "lib warn", "out info"}),
        ("info", ("csms.gateway=error",), {"lib warn", "out info"}),
    ],
)
def test_events_pass_by_level_and_namespace(level, exceptions, passed):
    """Libraries need a warning to be heard; the longest namespace named in the settings counts."""
    lines = Lines(level=level, exceptions=exceptions)
    lines.log.debug("own debug")
    lines.log.info("own info")
    lines.named("twisted.web.server").debug("lib debug")
    lines.named("twisted.web.server").info("lib info")
    lines.named("twisted.web.server").warn("lib warn")
    lines.named("stdout").info("out info")
    assert {record["message"] for record in lines.records} == passed


def test_a_closed_descriptor_of_txpostgres_is_no_error():
    """It follows each lost database connection, which the pool reports itself."""
    noise = {
        "isError": 1,
        "failure": Failure(ValueError("file descriptor cannot be a negative integer (-1)")),
        "log_level": LogLevel.critical,
        "log_namespace": "log_legacy",
        "log_format": "{log_text}",
    }
    quiet, all_of_it = Lines(), Lines(level="debug")
    quiet.observer(noise)
    all_of_it.observer(noise)
    assert (quiet.text == "", len(all_of_it.records)) == (True, 1)


def test_factories_come_and_go_unheard():
    """Twisted tells it in the name of our own classes."""
    lines = Lines()
    lines.log.info("Starting factory {factory!r}", factory=lines)
    lines.log.info("Stopping factory {factory!r}", factory=lines)
    assert lines.text == ""


def test_other_errors_of_the_old_interface_are_heard():
    """Only that one is known to be none."""
    lines = Lines()
    event = {"isError": 1, "failure": Failure(ValueError("bad")), "log_level": LogLevel.critical}
    lines.observer(event)
    assert lines.record["message"] == "Unhandled Error"


def test_the_console_shows_what_the_message_does_not():
    """Time, level, namespace, message, then the fields that it did not mention."""
    lines = Lines(console_line)
    lines.log.info("{peer} came", peer="10.0.0.1", station="CP1", text="a b", number=3, none=None)
    _, _, rest = lines.text.rstrip().partition("Z ")
    assert rest == 'info     csms.gateway.link: 10.0.0.1 came station=CP1 text="a b" number=3'


def test_the_console_shows_tracebacks_line_by_line():
    """Indented, so that the next event stands out."""
    lines = Lines(console_line)
    lines.log.failure("broken", Failure(ValueError("a\x1bb")))
    first, *rest = lines.text.splitlines()
    assert first.endswith("csms.gateway.link: broken")
    assert all(line.startswith("    ") for line in rest)
    assert rest[-1].endswith("ValueError: a\\x1bb")


def test_color_is_for_terminals():
    """Levels are told apart at a glance, where the sink shows color."""
    event = {"log_level": LogLevel.error, "log_format": "x", "log_namespace": "csms"}
    assert "\x1b[31merror   \x1b[0m csms: x" in colored_console_line(event)
    assert "\x1b" not in console_line(event)
