"""Messages on displays in the words of 2.x (O); the versions differ in what a message can say."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from csms.adapter.leaves import Lenience
from csms.adapter.notes import Notes, Rule
from csms.adapter.schema import Json, dotted
from csms.adapter.tables import Inbound, Outbound, Request, Unsupported
from csms.adapter.v201.fields import spare_number
from csms.adapter.v201.replies import write_nothing
from csms.adapter.wording import Unspeakable, Wording, strict, wording
from csms.core.commands import Command
from csms.core.display import vocabulary as v
from csms.core.replies import Acknowledged

_NAMES: Mapping[str, str] = {
    "endDateTime": "end_at",
    "startDateTime": "start_at",
    "transactionId": "transaction_ref",
}
_SPARE = Lenience(spare=True)
_WORD = Lenience(unknown=Rule.UNKNOWN_VALUE)
_NOTHING = frozenset({"Unknown"})


def message_words(folder: str) -> Wording:
    """What a message can say in a version."""
    return wording(folder, "SetDisplayMessageRequest", "message", names=_NAMES)


def _inbound(words: Wording) -> Mapping[str, Inbound]:
    def read(payload: Json, notes: Notes) -> v.MessagesTold:
        return v.MessagesTold(
            ref=spare_number(payload, "requestId", notes),
            messages=tuple(
                words.to_core(message, notes, "messageInfo")
                for message in payload.get("messageInfo") or ()
            ),
            last=not payload.get("tbc", False),
        )

    lenience = {
        "messageInfo": _SPARE,
        "messageInfo.display": _SPARE,
        "messageInfo.endDateTime": _SPARE,
        "messageInfo.message.format": _WORD,
        "messageInfo.messageExtra": _SPARE,
        "messageInfo.priority": _WORD,
        "messageInfo.startDateTime": _SPARE,
        "messageInfo.state": Lenience(unknown=Rule.UNKNOWN_VALUE, spare=True),
        "messageInfo.transactionId": Lenience(ceiling=255, spare=True),
        "requestId": _SPARE,
        "tbc": _SPARE,
    }
    return {"NotifyDisplayMessages": Inbound(read, Acknowledged, write_nothing, lenience=lenience)}


def _spell_clear(command: v.ClearMessage) -> Request:
    return Request("ClearDisplayMessage", {"id": command.message_id})


def _learn(_command: Command, payload: Json) -> v.NothingThere | None:
    return v.NothingThere() if payload.get("status") in _NOTHING else None


def _commands(version: str, words: Wording) -> Mapping[type[Command], Outbound]:
    def spell_set(command: v.SetMessage) -> Request | Unsupported:
        content = {"id": command.ref or 0, **msgspec.to_builtins(command.message)}
        try:
            return Request("SetDisplayMessage", {"message": words.to_wire(content, "a message")})
        except Unspeakable as error:
            return Unsupported(f"OCPP {version} knows {error}.", dotted(error.place))

    def spell_report(command: v.ReportMessages) -> Request:
        payload: dict[str, Any] = {"requestId": command.ref or 0}
        if command.message_ids:
            payload["id"] = list(command.message_ids)
        if command.priority is not None:
            payload["priority"] = command.priority.value
        if command.state is not None:
            payload["state"] = command.state
        return Request("GetDisplayMessages", payload)

    return {
        v.ClearMessage: Outbound(_spell_clear, {"id": "message_id"}, learn=_learn),
        v.ReportMessages: Outbound(
            spell_report, {"id": "message_ids", "requestId": "ref"}, learn=_learn
        ),
        v.SetMessage: Outbound(
            spell_set,
            {
                "message.endDateTime": "end_at",
                "message.id": "message_id",
                "message.message.content": "content",
                "message.message.format": "format",
                "message.message.language": "language",
                "message.messageExtra": "translations",
                "message.priority": "priority",
                "message.startDateTime": "start_at",
                "message.state": "state",
                "message.transactionId": "session_id",
            },
        ),
    }


def _interpreters(words: Wording) -> Mapping[str, Callable[[Json], Command | None]]:
    def interpret_set(payload: Json) -> Command:
        content = words.to_core(payload["message"], strict())
        return v.SetMessage(
            ref=content.pop("id"), message=msgspec.convert(content, v.DisplayMessage)
        )

    return {
        "ClearDisplayMessage": _interpret_clear,
        "GetDisplayMessages": _interpret_report,
        "SetDisplayMessage": interpret_set,
    }


def _interpret_clear(payload: Json) -> Command:
    return v.ClearMessage(message_id=payload["id"])


def _interpret_report(payload: Json) -> Command:
    priority = payload.get("priority")
    return v.ReportMessages(
        ref=payload["requestId"],
        message_ids=tuple(payload.get("id", ())),
        priority=None if priority is None else v.Priority(priority),
        state=payload.get("state"),
    )


def rows(
    version: str, folder: str
) -> tuple[
    Mapping[str, Inbound],
    Mapping[type[Command], Outbound],
    Mapping[str, Callable[[Json], Command | None]],
]:
    """The rows of a version: messages, commands, and what raw requests amount to."""
    words = message_words(folder)
    return _inbound(words), _commands(version, words), _interpreters(words)


INBOUND, COMMANDS, INTERPRETERS = rows("2.0.1", "v201")
