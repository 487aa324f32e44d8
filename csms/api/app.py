"""The API put together: ports in, a web site out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import attrs
from klein import Klein, Response
from msgspec import Struct
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.internet.threads import deferToThreadPool
from twisted.python.failure import Failure
from werkzeug.exceptions import HTTPException
from werkzeug.exceptions import MethodNotAllowed as WrongMethod

from csms.api.access import Access
from csms.api.api_tokens import ApiTokens
from csms.api.certificates import Certificates
from csms.api.charging import ChargingOf
from csms.api.commands import Commands
from csms.api.connections import Connections
from csms.api.customers import Customers
from csms.api.dispatch import Dispatch
from csms.api.display import DisplayMessages
from csms.api.docs import Docs
from csms.api.energy import Energy
from csms.api.firmware import FirmwareOf
from csms.api.headers import Origins
from csms.api.health import Health
from csms.api.inflight import InFlight
from csms.api.kept import Kept
from csms.api.legacy import Legacy
from csms.api.locallists import LocalLists
from csms.api.logs import LogsOf
from csms.api.monitoring import Monitoring
from csms.api.operations import Operations
from csms.api.passwords import StationPasswords
from csms.api.payments import Payments
from csms.api.problems import MethodNotAllowed, UnknownRoute
from csms.api.provisioning import ProvisioningOf
from csms.api.quarantine import Quarantine
from csms.api.registrar import Hasher, Registrar
from csms.api.remote import Remote
from csms.api.reservations import Reservations
from csms.api.routes import Route
from csms.api.sessions import Sessions
from csms.api.site import ApiRequest, ApiSite
from csms.api.stations import Stations
from csms.api.tariffs import Tariffs
from csms.api.tokens import Tokens
from csms.api.uploads import UploadsOf, receptions
from csms.api.variables import Variables
from csms.core.credentials import hash_password
from csms.core.customers.vocabulary import INFORMATION
from csms.core.ports import (
    IApiTokens,
    IAssemblies,
    ICertificateRequests,
    ICharging,
    IConnections,
    IDeviceModel,
    IHappenings,
    IHealth,
    IHoldings,
    ILinks,
    ILocalLists,
    IMonitors,
    IOperations,
    IPasswords,
    IQuarantine,
    IReservations,
    ISessions,
    ISettlements,
    ISpeech,
    IStationCertificates,
    IStations,
    ITasks,
    ITokens,
    IVariables,
)
from csms.core.ports.firmware import IFirmware
from csms.core.ports.logs import ILogs, IUploads
from csms.core.ports.provisioning import IProvisioning


class ApiSettings(Struct, frozen=True, kw_only=True):
    """What is configured of the API.

    ``endpoint`` is a Twisted endpoint string; ``cors_origins`` are web origins whose scripts may
    call (``*``: any); requests under way at shutdown have ``shutdown_timeout_s`` to end.
    """

    endpoint: str = "tcp:8080:backlog=4096"
    max_body_bytes: int = 1024 * 1024
    max_upload_bytes: int = 100 * 1024 * 1024
    cors_origins: tuple[str, ...] = ()
    shutdown_timeout_s: float = 5.0


@attrs.frozen(kw_only=True)
class ApiPorts:
    """What the API stands on.  ``links`` is None in a process without a gateway."""

    stations: IStations
    connections: IConnections
    tokens: ITokens
    speech: ISpeech
    sessions: ISessions
    operations: IOperations
    settlements: ISettlements
    holdings: IHoldings
    happenings: IHappenings
    quarantine: IQuarantine
    assemblies: IAssemblies
    reservations: IReservations
    local_lists: ILocalLists
    certificate_requests: ICertificateRequests
    certificates: IStationCertificates
    charging: ICharging
    firmware: IFirmware
    logs: ILogs
    uploads: IUploads
    provisioning: IProvisioning
    variables: IVariables
    device_model: IDeviceModel
    passwords: IPasswords
    monitors: IMonitors
    api_tokens: IApiTokens
    health: IHealth
    tasks: ITasks
    links: ILinks | None = None
    hash_password: Callable[[str], str] = hash_password


def routes(ports: ApiPorts, hasher: Hasher, clock: IReactorTime) -> tuple[Route, ...]:
    """Every route there is."""
    registrar = Registrar(ports.stations, ports.operations, ports.links, ports.tasks, hasher)
    remote = Remote(ports.operations, ports.sessions, ports.stations)
    legacy = Legacy(ports.stations, ports.connections, ports.sessions, registrar, remote)
    table = (
        *Stations(ports.stations, registrar).routes(),
        *Commands(ports.operations, remote).routes(),
        *Variables(ports.variables, ports.device_model, ports.operations, ports.holdings).routes(),
        *StationPasswords(ports.passwords).routes(),
        *Monitoring(ports.holdings, ports.monitors, ports.operations).routes(),
        *Connections(ports.connections, ports.stations, registrar).routes(),
        *Tokens(ports.tokens, ports.speech).routes(),
        *Sessions(ports.sessions, remote).routes(),
        *Customers(ports.operations, ports.assemblies).routes(),
        *Payments(ports.settlements, ports.happenings, ports.operations).routes(),
        *Tariffs(ports.holdings, ports.sessions, ports.operations).routes(),
        *DisplayMessages(ports.holdings, ports.sessions, ports.operations).routes(),
        *Operations(ports.operations).routes(),
        *Kept(ports.happenings, ports.assemblies, frozenset({INFORMATION})).routes(),
        *Quarantine(ports.quarantine).routes(),
        *Reservations(ports.reservations).routes(),
        *LocalLists(ports.local_lists).routes(),
        *Certificates(
            ports.operations,
            ports.holdings,
            ports.certificate_requests,
            ports.certificates,
            clock,
        ).routes(),
        *FirmwareOf(ports.firmware, ports.holdings, ports.operations, clock).routes(),
        *ChargingOf(ports.charging, ports.holdings, ports.operations).routes(),
        *Energy(ports.holdings, ports.sessions, ports.operations, clock).routes(),
        *LogsOf(ports.logs).routes(),
        *UploadsOf().routes(),
        *ProvisioningOf(ports.provisioning).routes(),
        *ApiTokens(ports.api_tokens).routes(),
        *Health(ports.health, ports.links, clock).routes(),
        *legacy.routes(),
    )
    return (*table, *Docs().routes(table))


def threaded(reactor: Any, work: Callable[[str], str]) -> Hasher:
    """``work`` done in a thread of the reactor, for it takes long."""

    def hasher(password: str) -> Deferred[str]:
        return deferToThreadPool(reactor, reactor.getThreadPool(), work, password)

    return hasher


def make_app(table: Sequence[Route], dispatch: Dispatch) -> Klein:
    """The Klein application of a route table."""
    app = Klein()
    app.url_map.merge_slashes = False
    for route in table:
        app.route(_pattern(route.path), methods=[route.method], endpoint=route.name)(
            _endpoint(dispatch, route)
        )

    @app.handle_errors(HTTPException)
    def unrouted(request: Any, failure: Failure) -> Any:
        error = failure.value
        if isinstance(error, WrongMethod):
            allowed = sorted({*(error.valid_methods or ()), "OPTIONS"})
            if request.method == b"OPTIONS":
                return dispatch.options(request, allowed)
            return dispatch.refuse(request, MethodNotAllowed(allowed))
        return dispatch.refuse(request, UnknownRoute("there is no such path"))

    return app


def make_dispatch(ports: ApiPorts, settings: ApiSettings, clock: IReactorTime) -> Dispatch:
    """What answers requests."""
    origins = Origins(frozenset(settings.cors_origins))
    return Dispatch(Access(ports.api_tokens), InFlight(), origins, clock)


def make_site(ports: ApiPorts, settings: ApiSettings, reactor: Any) -> ApiSite:
    """The web site of the API.  ``reactor`` provides time and threads."""
    dispatch = make_dispatch(ports, settings, reactor)
    table = routes(ports, threaded(reactor, ports.hash_password), reactor)
    resource = make_app(table, dispatch).resource()
    taken = partial(receptions, ports.uploads, settings.max_upload_bytes)
    return ApiSite(resource, dispatch.in_flight, settings.max_body_bytes, reactor, taken)


def _pattern(path: str) -> str:
    return path.replace("{", "<").replace("}", ">")


def _endpoint(dispatch: Dispatch, route: Route) -> Callable[..., Any]:
    def endpoint(request: ApiRequest, **variables: str) -> Deferred[Response]:
        return dispatch.serve(route, request, variables)

    return endpoint
