"""Certificates of stations: listed in as many messages as it takes, chains of bounded length."""

from __future__ import annotations

from collections.abc import Sequence

import attrs
from zope.interface import implementer

from csms.core.certificates.vocabulary import CertificateKind, ReadCertificates
from csms.core.errors import Invalid
from csms.core.ports import IOperations, ISpeech, IStations, IVariables
from csms.core.ports.certificates import IStationCertificates, KindOutcome, KindsRead
from csms.core.values import Operation
from csms.core.variables.portions import limit
from csms.core.variables.vocabulary import VariableName
from csms.pipeline.portions import NOT_SENT, Courtesy, Portions

CHAIN_LIMITS = (
    VariableName(component="SecurityCtrlr", variable="MaxCertificateChainSize"),
    VariableName(variable="CertificateSignedMaxChainSize"),
)
"""How long a chain may be, in characters: 2.x §2.1.14, and the security extension of 1.6 §3."""

USUAL = (CertificateKind.CSMS_ROOT, CertificateKind.MANUFACTURER_ROOT)
"""What every version has words of its own for."""


@implementer(IStationCertificates)
@attrs.define(eq=False, kw_only=True)
class StationCertificates:
    """`IStationCertificates` over operations."""

    operations: IOperations
    variables: IVariables
    stations: IStations
    speech: ISpeech

    async def read(
        self,
        identity: str,
        operator_id: int,
        kinds: Sequence[CertificateKind],
        *,
        requested_by: str | None = None,
        queue: bool = False,
    ) -> KindsRead:
        """See `IStationCertificates`."""
        courtesy = Courtesy(
            identity=identity, operator_id=operator_id, requested_by=requested_by, queue=queue
        )
        portions = Portions(operations=self.operations, variables=self.variables)
        sent = await portions.send(courtesy, await self._split(courtesy, kinds), _command)
        return KindsRead(
            operations=tuple(each for _, each in sent if isinstance(each, Operation)),
            items=tuple(
                _outcome(kind, operation) for portion, operation in sent for kind in portion
            ),
        )

    async def _split(
        self, courtesy: Courtesy, kinds: Sequence[CertificateKind]
    ) -> list[tuple[CertificateKind, ...]]:
        """All in one message if the version can say that, else each kind in its own."""
        station = await self.stations.get(courtesy.identity, courtesy.operator_id)
        version = station.ocpp_version or ""
        whole = tuple(dict.fromkeys(kinds))
        if len(whole) == 1 or self.speech.check(version, _command(whole)) is None:
            return [whole]
        return [(kind,) for kind in whole or USUAL]

    async def check_chain(self, identity: str, operator_id: int, chain: str) -> None:
        """See `IStationCertificates`."""
        keys = [name.key for name in CHAIN_LIMITS]
        values = await self.variables.values(identity, operator_id, keys)
        most = limit(values, CHAIN_LIMITS)
        if most is not None and len(chain) > most:
            raise Invalid(
                f"the chain has {len(chain)} characters, and the station takes {most}",
                field="chain",
            )


def _command(items: tuple[CertificateKind, ...]) -> ReadCertificates:
    return ReadCertificates(kinds=items)


def _outcome(kind: CertificateKind, operation: Operation | str) -> KindOutcome:
    if isinstance(operation, str):
        return KindOutcome(kind=kind, status=NOT_SENT, detail=operation)
    return KindOutcome(
        kind=kind,
        status=operation.status.value,
        operation_id=operation.id,
        detail=operation.detail,
    )
