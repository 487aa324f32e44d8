"""A station's password: `/stations/{identity}/password`."""

from __future__ import annotations

from typing import Annotated

import attrs
from msgspec import Meta

from csms.api.operations import OperationView, operation_view
from csms.api.routes import PREFIX, Answer, Call, NoQuery, Route
from csms.api.shapes import Shape, View
from csms.api.variables import answer_of
from csms.core.ports import IPasswords


class PasswordRequest(Shape, frozen=True, kw_only=True):
    """The new password."""

    password: (
        Annotated[
            str,
            Meta(
                min_length=16,
                max_length=64,
                description="A random one unless given. OCPP 1.6 takes 16 to 20 bytes (or their "
                "hexadecimal digits), 2.0.1 16 to 40 characters, 2.1 up to 64.",
            ),
        ]
        | None
    ) = None


class PasswordView(View, frozen=True, kw_only=True):
    """What became of it."""

    operation: OperationView
    new_password: Annotated[
        str | None,
        Meta(description="The random password, which is told this once; else null."),
    ]


@attrs.frozen
class StationPasswords:
    """Handler of a station's password."""

    passwords: IPasswords

    async def change(self, call: Call[PasswordRequest | None, NoQuery]) -> Answer:
        """Give the station a new password."""
        given = None if call.body is None else call.body.password
        operation, password = await self.passwords.change(
            call.path["identity"], call.operator_id, given, requested_by=call.who
        )
        status, headers = answer_of((operation,))
        made = password if given is None else None
        view = PasswordView(operation=operation_view(operation), new_password=made)
        return Answer(status, view, headers)

    def routes(self) -> tuple[Route, ...]:
        """The route of this resource."""
        return (
            Route(
                method="PUT",
                path=f"{PREFIX}/stations/{{identity}}/password",
                name="changePassword",
                summary="Give the station a new password",
                description="Sent to the station (`AuthorizationKey`, or "
                "`SecurityCtrlr.BasicAuthPassword`), which must be connected. Only if it accepts "
                "the old one ends; until it has answered, or come in with the new one, both are "
                "good.",
                tag="commands",
                handler=self.change,
                body=PasswordRequest,
                body_optional=True,
                answers={200: PasswordView, 202: PasswordView},
                refuses=frozenset({409}),
            ),
        )
