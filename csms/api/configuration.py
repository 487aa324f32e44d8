"""Settings of a station, read from it and written to it: `/stations/{identity}/configuration`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import attrs
from msgspec import Meta

from csms.api.command_shapes import Queue
from csms.api.operations import operation_url
from csms.api.routes import PREFIX, Answer, Call, Route
from csms.api.shapes import Json, Shape, View
from csms.core.commands import ChangeConfiguration, ReadConfiguration
from csms.core.errors import Invalid, Refusal
from csms.core.ports import IOperations
from csms.core.values import Operation, OperationStatus

_MAX_KEY = 50
_MAX_KEYS = 200
_SILENT = (OperationStatus.PENDING, OperationStatus.EXPIRED, OperationStatus.UNREACHABLE)

Key = Annotated[str, Meta(min_length=1, max_length=_MAX_KEY)]
Value = Annotated[str, Meta(max_length=2500)] | int | bool
Changes = Annotated[
    dict[Key, Value],
    Meta(min_length=1, max_length=50, description="Values by key, written one after another."),
]


class ReadQuery(Shape, frozen=True, kw_only=True):
    """Which settings to read."""

    keys: Annotated[
        str, Meta(max_length=8192, description="Keys, separated by commas; all unless given.")
    ] = ""


class WriteQuery(Shape, frozen=True, kw_only=True):
    """How to write."""

    queue: Queue = False


class Setting(View, frozen=True, kw_only=True):
    """A setting of a station."""

    key: str
    value: str | None
    readonly: bool | None


class Configuration(View, frozen=True, kw_only=True):
    """What a station said of its settings, or why it said nothing."""

    id: Annotated[str, Meta(description="Id of the operation that asked.")]
    status: OperationStatus
    detail: str | None
    settings: tuple[Setting, ...]
    unknown_keys: tuple[str, ...]


class Written(View, frozen=True, kw_only=True):
    """What became of one key."""

    key: str
    status: Annotated[str, Meta(description="Status of the operation; `not_sent` if it never was.")]
    id: Annotated[str, Meta(description="Id of the operation.")] | None
    detail: str | None
    response: dict[str, Json] | None


class Changed(View, frozen=True, kw_only=True):
    """What became of each key, in the order written."""

    items: tuple[Written, ...]


@attrs.frozen
class ConfigurationOf:
    """Handlers of the settings of a station."""

    operations: IOperations

    async def read(self, call: Call[None, ReadQuery]) -> Answer:
        """Ask the station for its settings."""
        keys = tuple(key.strip() for key in call.query.keys.split(",") if key.strip())
        if len(keys) > _MAX_KEYS or any(len(key) > _MAX_KEY for key in keys):
            raise Invalid(f"at most {_MAX_KEYS} keys of {_MAX_KEY} characters", field="keys")
        operation = await self.operations.submit(
            call.path["identity"],
            call.operator_id,
            ReadConfiguration(keys=keys),
            requested_by=call.who,
        )
        answer = configuration_of(operation)
        if operation.status.settled:
            return Answer(200, answer)
        return Answer(202, answer, {"Location": operation_url(operation)})

    async def write(self, call: Call[dict[str, Any], WriteQuery]) -> Answer:
        """Write settings, one after another, until the station is out of reach.

        After a key that the station does not answer in time the rest is not sent: each would
        keep the caller waiting as long again.  What is refused before anything was written
        refuses the whole; later it must not hide what became of the keys before.
        """
        written: list[Written] = []
        reachable = True
        for key, value in call.body.items():
            if not reachable:
                written.append(_not_sent(key, None))
                continue
            try:
                operation = await self._write(call, key, value)
            except Invalid as refusal:
                if not written:
                    raise Invalid(refusal.detail, field=key) from None
                written.append(_not_sent(key, refusal.detail))
            except Refusal as refusal:
                if not written:
                    raise
                written.append(_not_sent(key, refusal.detail))
                reachable = False
            else:
                written.append(_written(key, operation))
                reachable = operation.status not in _SILENT
        return Answer(200, Changed(items=tuple(written)))

    async def _write(self, call: Call[Any, WriteQuery], key: str, value: object) -> Operation:
        return await self.operations.submit(
            call.path["identity"],
            call.operator_id,
            ChangeConfiguration(key=key, value=_text(value)),
            requested_by=call.who,
            queue=call.query.queue,
        )

    def routes(self) -> tuple[Route, ...]:
        """The routes of this resource."""
        path = f"{PREFIX}/stations/{{identity}}/configuration"
        return (
            Route(
                method="GET",
                path=path,
                name="readConfiguration",
                summary="Read settings from the station",
                description="Asks the station itself. With 202 the station has not answered yet; "
                "`Location` is the operation that will hold its answer.",
                tag="commands",
                handler=self.read,
                query=ReadQuery,
                answers={200: Configuration, 202: Configuration},
                refuses=frozenset({409}),
            ),
            Route(
                method="PATCH",
                path=path,
                name="writeConfiguration",
                summary="Write settings of the station",
                description="One message per key. The answer reports each; after one that the "
                "station does not answer the rest is `not_sent`.",
                tag="commands",
                handler=self.write,
                query=WriteQuery,
                body=Changes,
                answers={200: Changed},
                refuses=frozenset({409}),
            ),
        )


def configuration_of(operation: Operation) -> Configuration:
    """The settings in a station's answer, which may be anything: what makes no sense is left
    out, and stays readable in the operation."""
    response: Mapping[str, object] = operation.response or {}
    settings = (_setting(item) for item in _items(response.get("configurationKey")))
    unknown = _items(response.get("unknownKey"))
    return Configuration(
        id=operation.id,
        status=operation.status,
        detail=operation.detail,
        settings=tuple(setting for setting in settings if setting is not None),
        unknown_keys=tuple(key for key in unknown if isinstance(key, str)),
    )


def _items(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _setting(item: object) -> Setting | None:
    match item:
        case {"key": str(key), **rest}:
            value, readonly = rest.get("value"), rest.get("readonly")
            return Setting(
                key=key,
                value=value if value is None else _text(value),
                readonly=readonly if isinstance(readonly, bool) else None,
            )
    return None


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _not_sent(key: str, detail: str | None) -> Written:
    return Written(key=key, status="not_sent", id=None, detail=detail, response=None)


def _written(key: str, operation: Operation) -> Written:
    return Written(
        key=key,
        status=operation.status.value,
        id=operation.id,
        detail=operation.detail,
        response=operation.response,
    )
