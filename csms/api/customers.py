"""What stations know of customers: `/stations/{identity}/customer-information`."""

from __future__ import annotations

from typing import Annotated

import attrs
from msgspec import Meta

from csms.api.command_shapes import Queued, TokenKind
from csms.api.commands import OUTCOME
from csms.api.operations import OperationView, operation_answer
from csms.api.routes import PREFIX, WRITERS, Answer, Call, NoQuery, Route
from csms.api.shapes import IdToken, Shape, Time, View, told, told_if
from csms.core.certificates.x509 import CertificateHash
from csms.core.customers.vocabulary import INFORMATION, AskCustomer, Customer
from csms.core.errors import Invalid
from csms.core.ports import IAssemblies, IOperations

Hash = Annotated[str, Meta(max_length=128)]


class HashOfCertificate(Shape, frozen=True, kw_only=True):
    """What identifies a customer's certificate, in the algorithm that the station uses."""

    algorithm: Annotated[str, Meta(pattern="^(SHA256|SHA384|SHA512)$")]
    issuer_name_hash: Hash
    issuer_key_hash: Hash
    serial_number: Annotated[str, Meta(max_length=40)]


class CustomerRequest(Queued, frozen=True, kw_only=True):
    """Have the station tell and forget what it knows of a customer, who is named by exactly one of
    `id_token`, `customer_identifier` and `certificate`."""

    report: bool = True
    clear: bool = False
    id_token: IdToken | None = None
    kind: TokenKind | None = None
    customer_identifier: Annotated[str, Meta(min_length=1, max_length=64)] | None = None
    certificate: HashOfCertificate | None = None


class CustomerInformation(View, frozen=True, kw_only=True):
    """What a station told of a customer, joined from its parts."""

    ref: int
    status: Annotated[str, Meta(description="`collecting`, `complete` or `incomplete`.")]
    text: str
    started_at: Time
    completed_at: Time | None


@attrs.frozen
class Customers:
    """Handlers of customer information."""

    operations: IOperations
    assemblies: IAssemblies

    async def ask(self, call: Call[CustomerRequest, NoQuery]) -> Answer:
        """Ask a station."""
        body = call.body
        if not (body.report or body.clear):
            raise Invalid("say whether to report, to clear, or both", field="report")
        names = (body.id_token, body.customer_identifier, body.certificate)
        if sum(name is not None for name in names) != 1:
            raise Invalid(
                "give exactly one of id_token, customer_identifier, certificate", field="id_token"
            )
        certificate = body.certificate
        customer = Customer(
            id_token=body.id_token,
            kind=body.kind,
            identifier=body.customer_identifier,
            certificate=None
            if certificate is None
            else CertificateHash(
                algorithm=certificate.algorithm,
                issuer_name_hash=certificate.issuer_name_hash,
                issuer_key_hash=certificate.issuer_key_hash,
                serial_number=certificate.serial_number,
            ),
        )
        operation = await self.operations.submit(
            call.path["identity"],
            call.operator_id,
            AskCustomer(customer=customer, report=body.report, clear=body.clear),
            requested_by=call.who,
            queue=body.queue,
        )
        return operation_answer(operation)

    async def get(self, call: Call[None, NoQuery]) -> Answer:
        """What it told."""
        report = await self.assemblies.get(
            call.path["identity"], call.operator_id, int(call.path["ref"]), INFORMATION
        )
        view = CustomerInformation(
            ref=report.ref,
            status=report.status,
            text="".join(map(str, report.items)),
            started_at=told(report.started_at),
            completed_at=told_if(report.completed_at),
        )
        return Answer(200, view)

    async def forget(self, call: Call[None, NoQuery]) -> Answer:
        """Delete what it told."""
        await self.assemblies.forget(
            call.path["identity"], call.operator_id, INFORMATION, int(call.path["ref"])
        )
        return Answer(204)

    def routes(self) -> tuple[Route, ...]:
        """The routes of this resource."""
        path = f"{PREFIX}/stations/{{identity}}/customer-information"
        return (
            Route(
                method="POST",
                path=path,
                name="askCustomerInformation",
                summary="Have a station tell or forget what it knows of a customer",
                description=OUTCOME
                + " What it tells is under the operation's `ref`, for a few days."
                " A token that is also in the station's local list stays there until the list is"
                " changed. OCPP 1.6 has no such message: `unsupported`.",
                tag="customers",
                handler=self.ask,
                body=CustomerRequest,
                answers={200: OperationView, 202: OperationView},
                refuses=frozenset({409}),
            ),
            Route(
                method="GET",
                path=f"{path}/{{ref}}",
                name="getCustomerInformation",
                summary="Get what a station told of a customer",
                tag="customers",
                handler=self.get,
                roles=WRITERS,
                answers={200: CustomerInformation},
            ),
            Route(
                method="DELETE",
                path=f"{path}/{{ref}}",
                name="forgetCustomerInformation",
                summary="Delete what a station told of a customer",
                tag="customers",
                handler=self.forget,
                answers={204: None},
            ),
        )
