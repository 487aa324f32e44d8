"""Certificates of stations, beyond single commands."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import attrs
import pytest
from zope.interface.verify import verifyObject

from csms.adapter.speech import Speech
from csms.core.certificates.vocabulary import CertificateKind, ReadCertificates
from csms.core.commands import Command
from csms.core.errors import Invalid, NotFound, Unavailable
from csms.core.ports import IStationCertificates, Variable
from csms.core.values import Operation, OperationStatus
from csms.pipeline.station_certificates import StationCertificates
from csms.testing.desk import immediate
from csms.testing.stations import MemoryStations
from csms.testing.variables import MemoryVariables

T0 = datetime(2026, 3, 1, 12, tzinfo=UTC)
CSMS, MAKER, MO = (
    CertificateKind.CSMS_ROOT,
    CertificateKind.MANUFACTURER_ROOT,
    CertificateKind.MO_ROOT,
)


@attrs.define
class Sending:
    """Operations that settle as they are told to; an exception is raised."""

    outcomes: list[OperationStatus | Exception]
    sent: list[Command] = attrs.field(factory=list)

    async def submit(
        self, identity: str, operator_id: int, command: Command, **more: Any
    ) -> Operation:
        del more
        self.sent.append(command)
        outcome = self.outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return Operation(
            id=str(len(self.sent)),
            operator_id=operator_id,
            station_id=1,
            identity=identity,
            action="read_certificates",
            payload={},
            status=outcome,
            created_at=T0,
            expires_at=T0,
        )


def desk(version: str | None, *outcomes: OperationStatus | Exception) -> StationCertificates:
    stations = MemoryStations(lambda: T0)
    stations.seed("CP1", ocpp_version=version)
    return StationCertificates(
        operations=Sending([*outcomes]),
        variables=MemoryVariables(stations),
        stations=stations,
        speech=Speech(("1.6", "2.0.1", "2.1")),
    )


YES = OperationStatus.ACCEPTED


def test_provides() -> None:
    """The port."""
    assert verifyObject(IStationCertificates, desk("1.6"))


@pytest.mark.parametrize(
    ("version", "kinds", "sent"),
    [
        ("2.0.1", (), [()]),
        ("2.1", (CSMS, MO, CSMS), [(CSMS, MO)]),
        ("1.6", (), [(CSMS,), (MAKER,)]),
        ("1.6", (CSMS, MO), [(CSMS,), (MO,)]),
        ("1.6", (MO, CertificateKind.V2G_ROOT), [(MO, CertificateKind.V2G_ROOT)]),
        ("1.6", (CSMS,), [(CSMS,)]),
        (None, (CSMS,), [(CSMS,)]),
    ],
)
def test_as_many_messages_as_it_takes(
    version: str | None,
    kinds: tuple[CertificateKind, ...],
    sent: list[tuple[CertificateKind, ...]],
) -> None:
    """One if the version can say it in one."""
    certificates = desk(version, *[YES] * len(sent))
    read = immediate(certificates.read("CP1", 1, kinds))
    assert certificates.operations.sent == [ReadCertificates(kinds=each) for each in sent]
    assert len(read.operations) == len(sent)
    assert [each.kind for each in read.items] == [kind for each in sent for kind in each]
    assert {each.status for each in read.items} <= {"accepted"}


def test_no_more_is_sent_to_one_that_is_silent() -> None:
    """What was not sent is told; what the first message is refused for is raised."""
    read = immediate(desk("1.6", OperationStatus.UNREACHABLE).read("CP1", 1, ()))
    assert [(each.status, each.operation_id) for each in read.items] == [
        ("unreachable", "1"),
        ("not_sent", None),
    ]
    with pytest.raises(Unavailable):
        immediate(desk("1.6", Unavailable("gone")).read("CP1", 1, ()))
    with pytest.raises(NotFound):
        immediate(desk("1.6").read("CP1", 2, ()))


@pytest.mark.parametrize(
    ("component", "variable"),
    [("SecurityCtrlr", "MaxCertificateChainSize"), (None, "CertificateSignedMaxChainSize")],
)
def test_length_of_a_chain(component: str | None, variable: str) -> None:
    """As much as the station said that it takes; what it did not say binds nobody."""
    certificates = desk("1.6")
    immediate(certificates.check_chain("CP1", 1, "x" * 10_000))
    known = Variable(
        id=0, component=component, variable=variable, value="10", reported_at=T0, changed_at=T0
    )
    certificates.variables.seed("CP1", known)
    immediate(certificates.check_chain("CP1", 1, "x" * 10))
    with pytest.raises(Invalid) as caught:
        immediate(certificates.check_chain("CP1", 1, "x" * 11))
    assert caught.value.field == "chain"
