"""Shapes of display messages."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta

from csms.api.command_shapes import Queued
from csms.api.shapes import INT32, Moment, Shape, Time, View, told
from csms.core.display.vocabulary import DisplayMessage, Format, Priority, Text
from csms.core.holdings import Holding

MessageId = Annotated[int, Meta(ge=0, le=INT32)]
Language = Annotated[
    str, Meta(min_length=2, max_length=8, description="Language tag (RFC 5646): `en`, `de-AT` ...")
]
Content = Annotated[str, Meta(min_length=1, max_length=1024)]
State = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=20,
        description="`Charging`, `Faulted`, `Idle`, `Unavailable`; in 2.1 also `Suspended` and "
        "`Discharging`.",
    ),
]


class Translation(Shape, frozen=True, kw_only=True):
    """The same message in another language (2.1)."""

    content: Content
    format: Format = Format.UTF8
    language: Language | None = None


class MessageRequest(Queued, frozen=True, kw_only=True):
    """A message to show."""

    content: Content
    format: Format = Format.UTF8
    language: Language | None = None
    priority: Priority = Priority.NORMAL_CYCLE
    state: Annotated[State, Meta(description="Only while the station is in that state.")] | None = (
        None
    )
    start_at: Moment | None = None
    end_at: Moment | None = None
    session_id: (
        Annotated[
            str,
            Meta(
                min_length=1,
                max_length=64,
                description="An open session of the station, with which the message ends.",
            ),
        ]
        | None
    ) = None
    translations: Annotated[tuple[Translation, ...], Meta(max_length=4)] = ()

    def message(self, transaction_ref: str | None) -> DisplayMessage:
        """As the core has it."""
        return DisplayMessage(
            priority=self.priority,
            message=_text(self),
            state=self.state,
            start_at=None if self.start_at is None else told(self.start_at),
            end_at=None if self.end_at is None else told(self.end_at),
            transaction_ref=transaction_ref,
            message_extra=tuple(map(_text, self.translations)),
        )


def _text(of: MessageRequest | Translation) -> Text:
    return Text(format=of.format, content=of.content, language=of.language)


class MessagesReport(Queued, frozen=True, kw_only=True):
    """Which messages the station should tell: those of the ids, or all that fit."""

    message_ids: Annotated[tuple[MessageId, ...], Meta(max_length=1000)] = ()
    priority: Priority | None = None
    state: State | None = None


class ClearMessageQuery(Shape, frozen=True, kw_only=True):
    """How to send it."""

    queue: Annotated[
        bool, Meta(description="Keep the command for a station that is not connected.")
    ] = False


class MessageView(View, frozen=True, kw_only=True):
    """A message that a station shows, as it accepted or reported it."""

    message_id: int
    priority: str | None
    content: str | None
    format: str | None
    language: str | None
    state: str | None
    start_at: Time | None
    end_at: Time | None
    transaction_id: str | None
    translations: tuple[dict[str, Any], ...]
    origin: Annotated[str, Meta(description="`set` by us, or `told` by the station.")]
    updated_at: Time


def message_view(held: Holding) -> MessageView:
    """A message as the API tells it; what a station told may lack anything."""
    content: dict[str, Any] = held.content
    text = content.get("message")
    text = text if isinstance(text, dict) else {}
    extra = content.get("message_extra")
    return MessageView(
        message_id=int(held.key),
        priority=content.get("priority"),
        content=text.get("content"),
        format=text.get("format"),
        language=text.get("language"),
        state=content.get("state"),
        start_at=content.get("start_at"),
        end_at=content.get("end_at"),
        transaction_id=content.get("transaction_ref"),
        translations=tuple(extra) if isinstance(extra, list) else (),
        origin=held.origin,
        updated_at=told(held.updated_at),
    )
