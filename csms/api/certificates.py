"""Certificates of stations: `/stations/{identity}/certificates` and `/certificate-requests`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import attrs
from twisted.internet.interfaces import IReactorTime

from csms.api.certificate_shapes import (
    CertificatesReadRequest,
    CertificatesReadView,
    CertificateView,
    InstallRequest,
    RefuseRequest,
    RequestView,
    SignRequest,
    certificate_view,
    read_view,
    request_view,
)
from csms.api.commands import OUTCOME
from csms.api.held import held_page
from csms.api.operations import OperationView, operation_answer
from csms.api.routes import PREFIX, Answer, Call, Handler, NoQuery, Route
from csms.api.shapes import Listed, list_query, listed, query_of
from csms.api.variables import answer_of
from csms.core.certificates.vocabulary import (
    CERTIFICATE_REQUESTS,
    HOLDING,
    CertificateKind,
    DeleteCertificate,
    DeliverCertificate,
    InstallCertificate,
)
from csms.core.certificates.x509 import Certificate, CertificateHash, Unreadable, read_chain
from csms.core.commands import Command
from csms.core.errors import Conflict, Invalid
from csms.core.listings import CERTIFICATES
from csms.core.ports import ICertificateRequests, IHoldings, IOperations, IStationCertificates

_OF_STATION = f"{PREFIX}/stations/{{identity}}"
_UNKNOWN_HASH = "the station has not told the hashes of this certificate; read its certificates"


@attrs.frozen
class Certificates:
    """Handlers of certificates."""

    operations: IOperations
    holdings: IHoldings
    requests: ICertificateRequests
    certificates: IStationCertificates
    clock: IReactorTime

    async def list(self, call: Call[None, Any]) -> Answer:
        """What a station has."""
        return await held_page(self.holdings, CERTIFICATES, HOLDING, certificate_view, call)

    async def install(self, call: Call[InstallRequest, NoQuery]) -> Answer:
        """Give a station a root."""
        body = call.body
        _read(body.certificate, "certificate")
        command = InstallCertificate(kind=body.kind, certificate=body.certificate)
        return await self._send(call, command, queue=body.queue)

    async def read(self, call: Call[CertificatesReadRequest, NoQuery]) -> Answer:
        """Ask a station what it has."""
        read = await self.certificates.read(
            call.path["identity"],
            call.operator_id,
            call.body.kinds,
            requested_by=call.who,
            queue=call.body.queue,
        )
        status, headers = answer_of(read.operations)
        return Answer(status, read_view(read), headers)

    async def delete(self, call: Call[None, NoQuery]) -> Answer:
        """Have a station delete a certificate."""
        held = await self.holdings.get(
            call.path["identity"], call.operator_id, HOLDING, call.path["certificate_key"]
        )
        content: dict[str, Any] = held.content
        if "hash" not in content:
            raise Conflict(_UNKNOWN_HASH, code="unknown_hash")
        command = DeleteCertificate(
            hash=CertificateHash(**content["hash"]), kind=CertificateKind(content["kind"])
        )
        return await self._send(call, command, queue=False)

    async def list_requests(self, call: Call[None, Any]) -> Answer:
        """What a station asked for."""
        found = await self.requests.list(
            query_of(call.query), call.path["identity"], call.operator_id
        )
        return listed(found, request_view, call)

    async def get_request(self, call: Call[None, NoQuery]) -> Answer:
        """One request."""
        return Answer(200, request_view(await self.requests.get(*_named(call))))

    async def sign(self, call: Call[SignRequest, NoQuery]) -> Answer:
        """Give the chain for a request, and send it."""
        chain = call.body.chain
        leaf = _read(chain, "chain")[0]
        request = await self.requests.get(*_named(call))
        if leaf.key != request.key:
            raise Invalid("the first certificate is not of the key of the request", field="chain")
        if leaf.valid_to <= self._now():
            raise Invalid("the first certificate has expired", field="chain")
        await self.certificates.check_chain(call.path["identity"], call.operator_id, chain)
        request = await self.requests.sign(*_named(call), chain, self._now())
        command = DeliverCertificate(
            chain=chain, purpose=request.purpose, request_ref=request.request_ref
        )
        return await self._send(call, command, queue=call.body.queue)

    async def refuse(self, call: Call[RefuseRequest, NoQuery]) -> Answer:
        """Refuse a request; the station is not told, for no message says so."""
        refused = await self.requests.refuse(*_named(call), call.body.detail, self._now())
        return Answer(200, request_view(refused))

    async def _send(self, call: Call[Any, NoQuery], command: Command, *, queue: bool) -> Answer:
        operation = await self.operations.submit(
            call.path["identity"], call.operator_id, command, requested_by=call.who, queue=queue
        )
        return operation_answer(operation)

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self.clock.seconds(), UTC)

    def routes(self) -> tuple[Route, ...]:
        """The routes of this resource."""
        held, asked = f"{_OF_STATION}/certificates", f"{_OF_STATION}/certificate-requests"
        one = f"{asked}/{{request_id}}"
        return (
            _get(
                held,
                "listCertificates",
                "List installed certificates",
                self.list,
                Listed[CertificateView],
                list_query(CERTIFICATES),
            ),
            _command(
                held,
                "installCertificate",
                "Install a root certificate",
                self.install,
                body=InstallRequest,
            ),
            _command(
                f"{held}/read",
                "readCertificates",
                "Have the station list its certificates",
                self.read,
                body=CertificatesReadRequest,
                optional=True,
                answer=CertificatesReadView,
            ),
            _command(
                f"{held}/{{certificate_key}}",
                "deleteCertificate",
                "Have the station delete a certificate",
                self.delete,
                method="DELETE",
            ),
            _get(
                asked,
                "listCertificateRequests",
                "List the certificates that a station asked for",
                self.list_requests,
                Listed[RequestView],
                list_query(CERTIFICATE_REQUESTS),
            ),
            _get(
                one,
                "getCertificateRequest",
                "Get a certificate request",
                self.get_request,
                RequestView,
            ),
            _command(
                f"{one}/sign",
                "signCertificateRequest",
                "Give the chain for a request",
                self.sign,
                body=SignRequest,
            ),
            Route(
                method="POST",
                path=f"{one}/refuse",
                name="refuseCertificateRequest",
                summary="Refuse a certificate request",
                tag="certificates",
                handler=self.refuse,
                body=RefuseRequest,
                body_optional=True,
                answers={200: RequestView},
                refuses=frozenset({409}),
            ),
        )


def _get(
    path: str, name: str, summary: str, handler: Handler, answer: Any, query: Any = NoQuery
) -> Route:
    return Route(
        method="GET",
        path=path,
        name=name,
        summary=summary,
        tag="certificates",
        handler=handler,
        query=query,
        answers={200: answer},
    )


def _command(
    path: str,
    name: str,
    summary: str,
    handler: Handler,
    *,
    body: Any = None,
    optional: bool = False,
    method: str = "POST",
    answer: Any = OperationView,
) -> Route:
    return Route(
        method=method,
        path=path,
        name=name,
        summary=summary,
        description=OUTCOME,
        tag="certificates",
        handler=handler,
        body=body,
        body_optional=optional,
        answers={200: answer, 202: answer},
        refuses=frozenset({409}),
    )


def _named(call: Call[Any, NoQuery]) -> tuple[str, int, str]:
    return call.path["identity"], call.operator_id, call.path["request_id"]


def _read(pem: str, field: str) -> tuple[Certificate, ...]:
    try:
        return read_chain(pem)
    except Unreadable as error:
        raise Invalid(str(error), field=field) from None
