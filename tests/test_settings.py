"""How settings are read: where from, what counts, and what is said of wrong ones."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Meta, Struct

from csms.settings import ConfigError, checked, read, secret_keys


class Oven(Struct, frozen=True, kw_only=True):
    """A section with a setting of each type."""

    heat: Annotated[int, Meta(ge=50, le=300)] = 180
    hours: Annotated[float, Meta(ge=0.5, le=12)] = 1.5
    fan: bool = False
    mode: Literal["bake", "grill"] = "bake"
    name: str = "oven"
    trays: tuple[Annotated[str, checked("words like 'tray'", str.isalpha)], ...] = ()
    racks: Annotated[tuple[Literal["low", "high"], ...], Meta(min_length=1)] = ("low",)


class Safe(Struct, frozen=True, kw_only=True):
    """A section with a secret."""

    code: Annotated[str, checked("digits", str.isdigit, secret=True)] = "0000"
    owner: str = ""


class Kitchen(Struct, frozen=True, kw_only=True):
    """Both."""

    oven: Oven = Oven()
    safe: Safe = Safe()


@pytest.fixture
def written(tmp_path: Path):
    """Writes a settings file and returns its path."""

    def write(text: str) -> Path:
        path = tmp_path / "kitchen.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def refusal(path: Path | None, environ: dict[str, str]) -> str:
    """What is said when the settings are refused."""
    with pytest.raises(ConfigError) as caught:
        read(Kitchen, path, environ)
    return str(caught.value)


def test_nothing_given_means_every_default():
    """Without a file and without variables every setting has its default."""
    assert read(Kitchen, None, {"HOME": "/root"}) == Kitchen()


def test_the_file_overrides_defaults_of_what_it_names(written):
    """A file need not name every setting."""
    path = written('[oven]\nheat = 200\nhours = 2\ntrays = ["a", "b"]\n')
    assert read(Kitchen, path, {}).oven == Oven(heat=200, hours=2.0, trays=("a", "b"))


def test_the_environment_overrides_the_file(written):
    """``CSMS__SECTION__KEY`` counts over the file."""
    path = written("[oven]\nheat = 200\nfan = true\n")
    oven = read(Kitchen, path, {"CSMS__OVEN__HEAT": "90"}).oven
    assert (oven.heat, oven.fan) == (90, True)


@pytest.mark.parametrize(
    ("name", "text", "key", "value"),
    [
        ("HEAT", "1_00", "heat", 100),
        ("HOURS", "0.5", "hours", 0.5),
        ("HOURS", "3", "hours", 3.0),
        ("FAN", "true", "fan", True),
        ("FAN", "ON", "fan", True),
        ("FAN", "0", "fan", False),
        ("FAN", "no", "fan", False),
        ("MODE", "grill", "mode", "grill"),
        ("NAME", "true", "name", "true"),
        ("NAME", "", "name", ""),
        ("TRAYS", "a, b,", "trays", ("a", "b")),
        ("TRAYS", '["a", "b"]', "trays", ("a", "b")),
        ("TRAYS", "[]", "trays", ()),
        ("TRAYS", "", "trays", ()),
    ],
)
def test_a_variable_is_read_as_the_type_of_its_setting(name, text, key, value):
    """Numbers, switches and lists are written in a variable as one would expect."""
    assert getattr(read(Kitchen, None, {f"CSMS__OVEN__{name}": text}).oven, key) == value


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[oven]\nheat = "x"', 'oven.heat: expected an integer between 50 and 300, got "x"'),
        ("[oven]\nheat = 20", "oven.heat: expected an integer between 50 and 300, got 20"),
        ("[oven]\nheat = 60.5", "oven.heat: expected an integer between 50 and 300, got 60.5"),
        ("[oven]\nheat = true", "oven.heat: expected an integer between 50 and 300, got true"),
        ("[oven]\nhours = 13", "oven.hours: expected a number between 0.5 and 12, got 13"),
        ("[oven]\nhours = nan", "oven.hours: expected a number between 0.5 and 12, got NaN"),
        ("[oven]\nfan = 1", "oven.fan: expected true or false, got 1"),
        ('[oven]\nmode = "x"', 'oven.mode: expected one of "bake", "grill", got "x"'),
        ("[oven]\nname = 3", "oven.name: expected a text, got 3"),
        ('[oven]\nname = ["a"]', 'oven.name: expected a text, got ["a"]'),
        ("[oven.name]\na = 3", "oven.name: expected a text, got a table"),
        ("[oven]\nname = 2020-01-01", 'oven.name: expected a text, got "2020-01-01"'),
        ('[oven]\ntrays = "a"', "oven.trays: expected a list of words like 'tray', got \"a\""),
        ('[oven]\ntrays = ["1"]', "oven.trays: expected a list of words like 'tray', got [\"1\"]"),
        ("[oven]\nracks = []", 'oven.racks: expected a list (not empty) of "high", "low", got []'),
        ("[oven]\nhaet = 60", 'oven.haet: there is no such setting; did you mean "heat"?'),
        ("[oven]\ncode = 60", 'oven.code: there is no such setting; did you mean "safe.code"?'),
        ("[oven]\nzzz = 60", "oven.zzz: there is no such setting"),
        ("[ofen]\nheat = 60", 'ofen: there is no such section; did you mean "oven"?'),
        ("[zzz]", "zzz: there is no such section"),
        ("oven = 3", "oven: expected a section, [oven], not a single value"),
        (
            "[oven]\nname_file = 'x'",
            'oven.name_file: there is no such setting; did you mean "name"?',
        ),
    ],
)
def test_a_wrong_file_is_refused_in_one_line_that_names_the_key(written, text, said):
    """The line says where, what was expected and what was found."""
    assert refusal(written(text), {}) == said


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        (
            "CSMS__OVEN__HEAT",
            "hot",
            'oven.heat: expected an integer between 50 and 300, got "hot" (from CSMS__OVEN__HEAT)',
        ),
        (
            "CSMS__OVEN__FAN",
            "maybe",
            'oven.fan: expected true or false, got "maybe" (from CSMS__OVEN__FAN)',
        ),
        (
            "CSMS__OVEN__TRAYS",
            "[a",
            "oven.trays: expected a list of words like 'tray', got \"[a\" (from CSMS__OVEN__TRAYS)",
        ),
        (
            "CSMS__OVEN__HAET",
            "1",
            'oven.haet: there is no such setting; did you mean "heat"? (from CSMS__OVEN__HAET)',
        ),
        (
            "CSMS__OFEN__HEAT",
            "1",
            'ofen: there is no such section; did you mean "oven"? (from CSMS__OFEN__HEAT)',
        ),
        ("CSMS__OVEN", "1", "CSMS__OVEN: expected a name of the form CSMS__SECTION__KEY"),
        ("CSMS____HEAT", "1", "CSMS____HEAT: expected a name of the form CSMS__SECTION__KEY"),
    ],
)
def test_a_wrong_variable_is_refused_by_name(name, text, said):
    """The line also names the variable."""
    assert refusal(None, {name: text}) == said


def test_a_file_that_is_not_there_is_refused(tmp_path):
    """A file that was named must be readable."""
    said = refusal(tmp_path / "none.toml", {})
    assert said == f"{tmp_path}/none.toml: cannot be read: No such file or directory"


@pytest.mark.parametrize("text", [b"[oven", b"\xff\xfe", b"a = 1\na = 2\n"])
def test_a_file_that_is_not_toml_is_refused(tmp_path, text):
    """Broken syntax is one line too."""
    path = tmp_path / "bad.toml"
    path.write_bytes(text)
    said = refusal(path, {})
    assert said.startswith(f"{path}: is not valid TOML: ")
    assert said.isprintable()


def test_control_characters_never_reach_the_line(written):
    """A key that holds a line break cannot make two lines of one."""
    assert refusal(written('[oven]\n"a\\nb\\u001b" = 1'), {}).isprintable()


def test_a_long_value_is_cut(written):
    """What was found is quoted as far as it helps."""
    assert len(refusal(written(f'[oven]\nheat = "{"x" * 5000}"'), {})) < 200


def test_a_wrong_secret_is_not_shown(written):
    """The line of a secret setting says only that it is wrong."""
    said = refusal(written('[safe]\ncode = "hunter2"'), {})
    assert said == "safe.code: expected digits, got something else"


def test_a_secret_may_stand_in_a_file_of_its_own(written, tmp_path):
    """``code_file`` names the file; its last line break does not count."""
    secret = tmp_path / "code"
    secret.write_text("1234\n")
    assert read(Kitchen, written(f'[safe]\ncode_file = "{secret}"'), {}).safe.code == "1234"
    assert read(Kitchen, None, {"CSMS__SAFE__CODE_FILE": str(secret)}).safe.code == "1234"


def test_a_secret_may_come_from_the_service_manager(tmp_path):
    """The credentials directory of systemd may hold a file named ``section.key``."""
    (tmp_path / "safe.code").write_text("4321")
    (tmp_path / "else.pem").write_text("for somebody else")
    (tmp_path / "unrelated").write_text("for somebody else")
    environ = {"CREDENTIALS_DIRECTORY": str(tmp_path)}
    assert read(Kitchen, None, environ).safe.code == "4321"


def test_sources_count_in_order(written, tmp_path):
    """The environment counts over a credential, and a credential over the file."""
    (tmp_path / "safe.code").write_text("2")
    path = written('[safe]\ncode = "1"')
    environ = {"CREDENTIALS_DIRECTORY": str(tmp_path)}
    assert read(Kitchen, path, environ).safe.code == "2"
    assert read(Kitchen, path, environ | {"CSMS__SAFE__CODE": "3"}).safe.code == "3"


def test_a_credential_that_fits_no_secret_is_refused(tmp_path):
    """A misspelt credential would otherwise be ignored without a word."""
    (tmp_path / "safe.kode").write_text("1")
    said = refusal(None, {"CREDENTIALS_DIRECTORY": str(tmp_path)})
    assert said.startswith("safe.kode: no secret setting of that name")


def test_a_secret_given_twice_is_refused(written, tmp_path):
    """Within one source it must be clear which counts."""
    path = written('[safe]\ncode = "1"\ncode_file = "/x"')
    assert refusal(path, {}) == "safe.code_file: safe.code is given as well; keep one"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "cannot read {path}: No such file or directory"),
        (b"", "{path} is empty"),
        (b"\n", "{path} is empty"),
        (b"\xff", "cannot read {path}: it is not text"),
    ],
)
def test_a_secret_file_that_gives_nothing_is_refused(written, tmp_path, content, said):
    """A secret that cannot be had is not replaced by the default."""
    path = tmp_path / "code"
    if content is not None:
        path.write_bytes(content)
    expected = "safe.code_file: " + said.format(path=path)
    assert refusal(written(f'[safe]\ncode_file = "{path}"'), {}) == expected


@pytest.mark.parametrize("value", ["3", '""'])
def test_the_path_of_a_secret_must_be_one(written, value):
    """``code_file`` takes a path."""
    said = refusal(written(f"[safe]\ncode_file = {value}"), {})
    assert said == "safe.code_file: expected the path of a file"


def test_a_wrong_secret_names_the_file_it_came_from(tmp_path):
    """The origin of a secret is its file."""
    (tmp_path / "safe.code").write_text("x")
    said = refusal(None, {"CREDENTIALS_DIRECTORY": str(tmp_path)})
    assert said == f"safe.code: expected digits, got something else (from {tmp_path}/safe.code)"


def test_secret_settings_are_known():
    """Whoever shows settings can leave the secrets out."""
    assert secret_keys(Kitchen) == {("safe", "code")}


@given(
    st.dictionaries(
        st.one_of(
            st.sampled_from(["CSMS__OVEN__HEAT", "CSMS__OVEN__FAN", "CSMS__OVEN__TRAYS"]),
            st.text().map("CSMS__".__add__),
        ),
        st.text(),
    )
)
def test_any_environment_is_taken_or_refused_in_one_line(environ):
    """No environment makes anything but settings or a `ConfigError` of one line."""
    try:
        said = repr(read(Kitchen, None, environ))
    except ConfigError as error:
        said = str(error)
    assert said.isprintable()
