"""The settings themselves, and that the sample file tells the truth about them."""

from __future__ import annotations

import ast
import inspect
import re
import tomllib
from contextlib import nullcontext
from pathlib import Path

import msgspec
import pytest

from csms import config
from csms.config import Config, ConfigError, load, locate

ROOT = Path(__file__).parents[1]
SAMPLE = ROOT / "conf/csms.toml"
DEVELOPMENT = ROOT / "conf/development.toml"
EVERY = [
    (section, key)
    for section in Config.__struct_fields__
    for key in getattr(Config(), section).__struct_fields__
]


def documented() -> dict[str, dict[str, str]]:
    """The docstrings under the fields of each struct, by its name."""
    found: dict[str, dict[str, str]] = {}
    for node in ast.parse(inspect.getsource(config)).body:
        if isinstance(node, ast.ClassDef):
            pairs = zip(node.body, node.body[1:], strict=False)
            found[node.name] = {
                field.target.id: " ".join(text.value.value.split())
                for field, text in pairs
                if isinstance(field, ast.AnnAssign)
                and isinstance(text, ast.Expr)
                and isinstance(text.value, ast.Constant)
            }
    return found


def commented(text: str) -> dict[tuple[str, str], str]:
    """The comment right above each setting of a settings file."""
    found: dict[tuple[str, str], str] = {}
    section, comment = "", []
    for line in text.splitlines():
        if line.startswith("#"):
            comment.append(line.removeprefix("#").strip())
            continue
        if header := re.fullmatch(r"\[(\w+)\]", line):
            section = header[1]
        elif setting := re.match(r"(\w+) = ", line):
            found[section, setting[1]] = " ".join(comment)
        comment = []
    return found


def with_setting(tmp_path: Path, section: str, line: str) -> Config:
    """The settings of a file that holds one."""
    path = tmp_path / "one.toml"
    path.write_text(f"[{section}]\n{line}\n")
    return load(path, {})


def test_the_sample_has_every_setting_and_no_other():
    """Whoever copies the sample sees all there is."""
    sample = tomllib.loads(SAMPLE.read_text())
    assert [(section, key) for section, body in sample.items() for key in body] == EVERY


@pytest.mark.parametrize(("section", "key"), EVERY)
def test_the_sample_shows_the_default(section, key):
    """A setting left as it is in the sample changes nothing."""
    sample = tomllib.loads(SAMPLE.read_text())
    default = msgspec.json.decode(msgspec.json.encode(Config()))
    assert sample[section][key] == default[section][key]


@pytest.mark.parametrize(("section", "key"), EVERY)
def test_the_sample_explains_each_setting_in_the_words_of_the_code(section, key):
    """One text, in both places."""
    struct = type(getattr(Config(), section)).__name__
    assert documented()[struct][key]
    assert commented(SAMPLE.read_text())[section, key] == documented()[struct][key]


def test_the_sample_is_accepted():
    """The sample loads to the defaults."""
    assert load(SAMPLE, {}) == Config()


def test_the_development_settings_are_open_but_only_to_this_machine():
    """Unknown stations and tokens are welcome, and nobody outside can come."""
    loaded = load(DEVELOPMENT, {})
    assert loaded.stations.unknown == "accept"
    assert loaded.stations.open_access == "loopback"
    assert loaded.authorization.unknown_tokens == "accept"
    for endpoint in (loaded.ocpp.endpoint, loaded.api.endpoint):
        assert ":interface=127.0.0.1:" in endpoint


def test_the_development_settings_limit_no_rate():
    """Load generators are not cut off."""
    ocpp = load(DEVELOPMENT, {}).ocpp
    assert (ocpp.messages_per_s, ocpp.message_burst, ocpp.connections_per_minute) == (0, 0, 0)


def test_what_is_open_in_development_is_closed_by_default():
    """A file that says nothing lets nobody in."""
    default = Config()
    assert default.stations.unknown == "refuse"
    assert default.stations.open_access == "never"
    assert default.authorization.unknown_tokens == "refuse"
    assert default.ocpp.echo_endpoint == ""
    assert default.api.token_file == ""


@pytest.mark.parametrize(("section", "key"), EVERY)
def test_every_setting_can_come_from_the_environment(section, key):
    """Each default, written into its variable, is accepted and means the same."""
    value = getattr(getattr(Config(), section), key)
    text = (
        ",".join(value)
        if isinstance(value, tuple)
        else str(value).lower()
        if isinstance(value, bool)
        else str(value)
    )
    assert load(None, {f"CSMS__{section}__{key}".upper(): text}) == Config()


@pytest.mark.parametrize(
    "endpoint",
    [
        "tcp:9000",
        "tcp:0:interface=127.0.0.1",
        "tcp:port=8080:backlog=4096",
        "tcp6:9000:interface=\\:\\:1",
        "unix:/run/csms/api.sock:mode=660",
        "systemd:domain=INET:index=0",
        "ssl:443:privateKey=/nowhere/key.pem",
    ],
)
def test_any_listening_endpoint_of_twisted_is_accepted(tmp_path, endpoint):
    """What it refers to need not be there yet."""
    escaped = endpoint.replace("\\", "\\\\")
    loaded = with_setting(tmp_path, "ocpp", f'endpoint = "{escaped}"')
    assert loaded.ocpp.endpoint == endpoint


@pytest.mark.parametrize(
    "endpoint", ["", "9000", "tcp", "tcp:http:x", "tcp:65536", "tcp:9000:backlock=4", "udp:9000"]
)
def test_what_is_no_endpoint_is_refused(tmp_path, endpoint):
    """The line shows what one looks like."""
    with pytest.raises(ConfigError) as caught:
        with_setting(tmp_path, "api", f'endpoint = "{endpoint}"')
    expected = 'api.endpoint: expected a listening endpoint like "tcp:8080:backlog=4096"'
    assert str(caught.value) == f'{expected}, got "{endpoint}"'


@pytest.mark.parametrize(
    ("endpoint", "good"),
    [
        ("", True),
        ("tcp:9001:interface=127.0.0.1", True),
        ("tcp:interface=localhost:port=9001", True),
        ("tcp6:9001:interface=\\\\:\\\\:1:backlog=5", True),
        ("unix:/tmp/echo", True),
        ("tcp:9001", False),
        ("tcp:9001:interface=0.0.0.0", False),
        ("tcp:9001:interface=127.example.com", False),
        ("tcp:9001:interface=127.0.0.1:nonsense=1", False),
    ],
)
def test_the_echo_endpoint_is_for_this_machine_only(tmp_path, endpoint, good):
    """It answers whoever comes, so nobody else may come."""
    line = f'echo_endpoint = "{endpoint}"'
    with nullcontext() if good else pytest.raises(ConfigError):
        with_setting(tmp_path, "ocpp", line)


@pytest.mark.parametrize(
    ("section", "line", "good"),
    [
        ("ocpp", 'paths = ["/{id}"]', True),
        ("ocpp", 'paths = ["/a/b-c/{id}"]', True),
        ("ocpp", 'paths = ["/a"]', False),
        ("ocpp", 'paths = ["{id}"]', False),
        ("ocpp", 'paths = ["/{id}/a"]', False),
        ("ocpp", 'paths = ["/{id}/{id}"]', False),
        ("ocpp", "paths = []", False),
        ("ocpp", 'query_path = ""', True),
        ("ocpp", 'query_path = "/a/b"', True),
        ("ocpp", 'query_path = "a"', False),
        ("ocpp", 'trusted_proxies = ["10.0.0.1", "10.0.0.0/8", "2001:db8::/32"]', True),
        ("ocpp", 'trusted_proxies = ["proxy"]', False),
        ("ocpp", "versions = []", False),
        ("ocpp", 'versions = ["1.5"]', False),
        ("ocpp", "max_connections_per_ip = -1", False),
        ("server", 'node = "csms-1.example"', True),
        ("server", 'node = "a b"', False),
        ("server", 'state_directory = ""', False),
        ("server", "roles = []", False),
        ("server", 'roles = ["worker"]', True),
        ("log", 'levels = ["csms.gateway=debug", "twisted=info"]', True),
        ("log", 'levels = ["csms.gateway"]', False),
        ("database", 'url = "postgresql://u:p@h:5432/d?sslmode=require"', True),
        ("database", 'url = "host=/run/postgresql dbname=csms"', True),
        ("database", 'url = "mysql://u:p@h/d"', False),
        ("api", 'cors_origins = ["*", "https://a.example:8443"]', True),
        ("api", 'cors_origins = ["a.example"]', False),
    ],
)
def test_texts_have_the_form_they_need(tmp_path, section, line, good):
    """What would fail later is refused at the start."""
    try:
        with_setting(tmp_path, section, line)
        said = ""
    except ConfigError as error:
        said = str(error)
    assert good == (said == "")
    assert good or said.startswith(f"{section}.{line.split(' ')[0]}: expected ")


def test_the_database_url_is_never_shown(tmp_path):
    """Neither in an error line nor where settings are printed for a look."""
    with pytest.raises(ConfigError) as caught:
        with_setting(tmp_path, "database", 'url = "mysql://user:hunter2@host/name"')
    assert "hunter2" not in str(caught.value)
    good = with_setting(tmp_path, "database", 'url = "postgresql://user:hunter2@host/name"')
    assert "hunter2" not in repr(good)


def test_the_file_somebody_named_is_used():
    """``CSMS_CONFIG`` names the file, whether it is there or not."""
    assert locate({"CSMS_CONFIG": "/nowhere/csms.toml"}) == Path("/nowhere/csms.toml")
