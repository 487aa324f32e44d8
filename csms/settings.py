"""Reads settings into frozen structs: a TOML file, the environment, files that hold secrets.

Which settings there are is none of its business: it is handed a struct whose fields are the
sections, themselves structs.  What counts, later over earlier: the default, the file, the
service manager's credentials, the environment.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

import msgspec
from msgspec import Meta, Struct, inspect

PREFIX = "CSMS__"
"""What marks an environment variable as an override: ``CSMS__SECTION__KEY``."""
FILE_SUFFIX = "_file"
"""``url_file`` names the file that holds the secret setting ``url``."""
_LONGEST_QUOTE = 80
_SWITCH = dict.fromkeys(("true", "yes", "on", "1"), True) | dict.fromkeys(
    ("false", "no", "off", "0"), False
)

S = TypeVar("S", bound=Struct)
_Key = tuple[str, str]


class ConfigError(Exception):
    """A setting is wrong; the text is one line that begins with its name."""

    def __init__(self, text: str) -> None:
        super().__init__("".join(char if char.isprintable() else " " for char in text))


class _Given(Struct, frozen=True):
    """A value as somebody wrote it, and where, unless in the file."""

    value: object
    origin: str = ""


class _Setting(Struct, frozen=True):
    """What is known of one setting: its annotation, and the same taken apart."""

    annotation: object
    type: inspect.Type

    @property
    def secret(self) -> bool:
        """Whether its value is kept out of sight and may come from a file of its own."""
        return bool(_extra(self.type).get("secret"))


def checked(expected: str, good: Callable[[str], bool], *, secret: bool = False) -> Meta:
    """Annotation of a text that must be ``good``; ``expected`` says in words what that is."""
    return Meta(extra={"expected": expected, "good": good, "secret": secret})


def read(shape: type[S], path: Path | None, environ: Mapping[str, str]) -> S:
    """Fill ``shape`` from the file at ``path`` (None: no file) and the environment.

    Raises `ConfigError` for the first setting that is unknown or wrong.
    """
    sections: dict[str, type[Struct]] = get_type_hints(shape)
    settings = {
        (section, key): _Setting(annotation=hint, type=inspect.type_info(hint))
        for section, struct in sections.items()
        for key, hint in get_type_hints(struct, include_extras=True).items()
    }
    given: dict[_Key, _Given] = {}
    for source in (
        _from_file(settings, path),
        _from_credentials(settings, environ.get("CREDENTIALS_DIRECTORY")),
        _from_environment(settings, environ),
    ):
        given |= _with_secrets_read(settings, dict(source))
    values: dict[str, dict[str, object]] = {section: {} for section in sections}
    for (section, key), one in given.items():
        values[section][key] = _taken(f"{section}.{key}", settings[section, key], one)
    return shape(**{section: sections[section](**values[section]) for section in sections})


def secret_keys(shape: type[Struct]) -> frozenset[_Key]:
    """The settings of ``shape`` whose values must not be shown."""
    return frozenset(
        (section, key)
        for section, struct in get_type_hints(shape).items()
        for key, hint in get_type_hints(struct, include_extras=True).items()
        if _extra(inspect.type_info(hint)).get("secret")
    )


def _from_file(
    settings: Mapping[_Key, _Setting], path: Path | None
) -> Iterator[tuple[_Key, _Given]]:
    if path is None:
        return
    try:
        tree = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: is not valid TOML: {error}") from error
    for section, body in tree.items():
        _known_section(settings, section)
        if not isinstance(body, dict):
            raise ConfigError(f"{section}: expected a section, [{section}], not a single value")
        for key, value in body.items():
            yield _known(settings, section, key), _Given(value)


def _from_credentials(
    settings: Mapping[_Key, _Setting], directory: str | None
) -> Iterator[tuple[_Key, _Given]]:
    """Files named ``section.key``; files without that form are for somebody else."""
    if not directory:
        return
    sections = {section for section, _ in settings}
    for path in sorted(Path(directory).glob("*.*")):
        section, key = path.name.split(".", 1)
        if section in sections:
            if (section, key) not in settings or not settings[section, key].secret:
                raise ConfigError(f"{path.name}: no secret setting of that name ({path})")
            yield (section, key + FILE_SUFFIX), _Given(str(path), f"credential {path.name}")


def _from_environment(
    settings: Mapping[_Key, _Setting], environ: Mapping[str, str]
) -> Iterator[tuple[_Key, _Given]]:
    for name, text in sorted(environ.items()):
        if not name.startswith(PREFIX):
            continue
        section, _, key = name.removeprefix(PREFIX).lower().partition("__")
        if not section or not key:
            raise ConfigError(f"{name}: expected a name of the form {PREFIX}SECTION__KEY")
        _known_section(settings, section, name)
        where = _known(settings, section, key, name)
        setting = settings.get(where)
        value = text if setting is None else _from_text(setting.type, text)
        yield where, _Given(value, name)


def _with_secrets_read(
    settings: Mapping[_Key, _Setting], given: Mapping[_Key, _Given]
) -> dict[_Key, _Given]:
    """Replace each ``key_file`` of one source by the ``key`` that the file holds."""
    result = {where: one for where, one in given.items() if where in settings}
    for (section, key), one in given.items():
        if (section, key) in settings:
            continue
        target = (section, key.removesuffix(FILE_SUFFIX))
        if target in given:
            raise ConfigError(f"{section}.{key}: {'.'.join(target)} is given as well; keep one")
        if not isinstance(one.value, str) or not one.value:
            raise ConfigError(f"{section}.{key}: expected the path of a file{_at(one.origin)}")
        try:
            text = Path(one.value).read_text(encoding="utf-8").rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is not text"
            raise ConfigError(f"{section}.{key}: cannot read {one.value}: {why}") from error
        if not text:
            raise ConfigError(f"{section}.{key}: {one.value} is empty")
        result[target] = _Given(text, one.value)
    return result


def _known_section(settings: Mapping[_Key, _Setting], section: str, origin: str = "") -> None:
    names = {name for name, _ in settings}
    if section not in names:
        hint = get_close_matches(section, names, 1)
        meant = f'; did you mean "{hint[0]}"?' if hint else ""
        raise ConfigError(f"{section}: there is no such section{meant}{_at(origin)}")


def _known(settings: Mapping[_Key, _Setting], section: str, key: str, origin: str = "") -> _Key:
    """The setting's place; also of a secret's ``key_file``."""
    bare = key.removesuffix(FILE_SUFFIX)
    if (section, key) in settings:
        return section, key
    if bare != key and (section, bare) in settings and settings[section, bare].secret:
        return section, key
    names = [name for where, name in settings if where == section]
    elsewhere = [f"{where}.{name}" for where, name in settings if name == key]
    hint = elsewhere or get_close_matches(key, names, 1)
    meant = f'; did you mean "{hint[0]}"?' if hint else ""
    raise ConfigError(f"{section}.{key}: there is no such setting{meant}{_at(origin)}")


def _from_text(kind: inspect.Type, text: str) -> object:
    """An environment variable as the setting's type; what does not fit stays text."""
    try:
        match _bare(kind):
            case inspect.IntType():
                return int(text)
            case inspect.FloatType():
                return float(text)
            case inspect.BoolType():
                return _SWITCH.get(text.strip().lower(), text)
            case inspect.VarTupleType() if text.strip().startswith("["):
                return tomllib.loads(f"value = {text}")["value"]
            case inspect.VarTupleType():
                return [part.strip() for part in text.split(",") if part.strip()]
    except ValueError:
        pass
    return text


def _taken(name: str, setting: _Setting, given: _Given) -> object:
    """The value in the setting's type; raises `ConfigError`."""
    try:
        value: object = msgspec.convert(given.value, setting.annotation, strict=True)
        good = _passes(setting.type, value)
    except msgspec.ValidationError:
        good = False
    if not good:
        got = "something else" if setting.secret else _quoted(given.value)
        expected = _expected(setting.type)
        raise ConfigError(f"{name}: expected {expected}, got {got}{_at(given.origin)}")
    return value


def _passes(kind: inspect.Type, value: object) -> bool:
    """Whether a value of the right type also satisfies what `checked` asks of it."""
    bare = _bare(kind)
    if isinstance(bare, inspect.VarTupleType) and isinstance(value, tuple):
        return all(_passes(bare.item_type, item) for item in value)
    good = _extra(kind).get("good")
    return good is None or bool(good(value))


def _expected(kind: inspect.Type) -> str:
    """What a setting takes, in words."""
    extra = _extra(kind)
    if "expected" in extra:
        return str(extra["expected"])
    match bare := _bare(kind):
        case inspect.BoolType():
            return "true or false"
        case inspect.IntType():
            return f"an integer between {bare.ge} and {bare.le}"
        case inspect.FloatType():
            return f"a number between {bare.ge} and {bare.le}"
        case inspect.LiteralType():
            return "one of " + ", ".join(f'"{value}"' for value in bare.values)
        case inspect.VarTupleType():
            return f"a list{' (not empty)' if bare.min_length else ''} of {_each(bare.item_type)}"
        case _:
            return "a text"


def _each(kind: inspect.Type) -> str:
    """What the items of a list are, in words."""
    return _expected(kind).removeprefix("one of ").removeprefix("a ").removeprefix("an ")


def _bare(kind: inspect.Type) -> inspect.Type:
    return kind.type if isinstance(kind, inspect.Metadata) else kind


def _extra(kind: inspect.Type) -> dict[str, Any]:
    return (kind.extra or {}) if isinstance(kind, inspect.Metadata) else {}


def _quoted(value: object) -> str:
    """A value for an error line: never several lines, never long."""
    if isinstance(value, dict):
        return "a table"
    text = json.dumps(value, default=str)
    return text if len(text) <= _LONGEST_QUOTE else text[:_LONGEST_QUOTE] + "..."


def _at(origin: str) -> str:
    return f" (from {origin})" if origin else ""
