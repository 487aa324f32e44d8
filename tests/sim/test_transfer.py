"""Files over HTTP, against a small server on a loopback port."""

from __future__ import annotations

from typing import Any

import attrs
import pytest
import pytest_twisted
from twisted.internet import reactor
from twisted.internet.protocol import Factory
from twisted.web.resource import Resource
from twisted.web.server import Site

from csms.sim import transfer as module
from csms.sim.transfer import DeniedError, HttpTransfer, SchemeError, TransferError


@attrs.define(eq=False)
class Files:
    """``statuses`` by method; everything else is 200."""

    statuses: dict[str, int] = attrs.Factory(dict)
    stored: dict[str, bytes] = attrs.Factory(dict)
    methods: list[str] = attrs.Factory(list)
    url: str = ""


class Page(Resource):
    """All paths."""

    def __init__(self, files: Files) -> None:
        super().__init__()
        self.isLeaf = True
        self.files = files

    def render(self, request: Any) -> bytes:
        method = request.method.decode()
        self.files.methods.append(method)
        status = self.files.statuses.get(method, 200)
        request.setResponseCode(status)
        if method in {"PUT", "POST"} and status < 300:
            self.files.stored[request.path.decode()] = request.content.read()
        return b"content"


@pytest_twisted.async_yield_fixture
async def files() -> Any:
    """A server that takes and gives files."""
    files = Files()
    site = Site(Page(files))
    port = reactor.listenTCP(0, site, interface="127.0.0.1")
    files.url = f"http://127.0.0.1:{port.getHost().port}"
    yield files
    await port.stopListening()


@pytest_twisted.ensureDeferred
async def test_fetch(files: Files) -> None:
    """A file is fetched."""
    assert await HttpTransfer(reactor).fetch(f"{files.url}/a.bin") == b"content"


@pytest_twisted.ensureDeferred
async def test_fetch_missing(files: Files) -> None:
    """Anything but 200 is no file."""
    files.statuses["GET"] = 404
    with pytest.raises(TransferError, match="HTTP 404"):
        await HttpTransfer(reactor).fetch(f"{files.url}/a.bin")


@pytest_twisted.ensureDeferred
async def test_fetch_too_much(files: Files, monkeypatch: Any) -> None:
    """A file that is too large is not fetched."""
    monkeypatch.setattr(module, "SIZE_LIMIT", 3)
    with pytest.raises(TransferError, match="more than 3 bytes"):
        await HttpTransfer(reactor).fetch(f"{files.url}/a.bin")


@pytest_twisted.ensureDeferred
async def test_store(files: Files) -> None:
    """A file is stored with PUT, under its name where the URL is a folder."""
    transfer = HttpTransfer(reactor)
    await transfer.store(f"{files.url}/up/", "my log", b"abc")
    await transfer.store(f"{files.url}/exact", "other", b"def")
    assert files.stored == {"/up/my%20log": b"abc", "/exact": b"def"}


@pytest_twisted.ensureDeferred
async def test_store_with_post(files: Files) -> None:
    """Where PUT is not allowed POST is tried."""
    files.statuses["PUT"] = 405
    await HttpTransfer(reactor).store(f"{files.url}/exact", "x", b"def")
    assert files.methods == ["PUT", "POST"]
    assert files.stored == {"/exact": b"def"}


@pytest.mark.parametrize(("status", "error"), [(500, TransferError), (403, DeniedError)])
@pytest_twisted.ensureDeferred
async def test_store_refused(files: Files, status: int, error: type[Exception]) -> None:
    """A server may not want the file."""
    files.statuses = {"PUT": status, "POST": status}
    with pytest.raises(error, match=f"HTTP {status}"):
        await HttpTransfer(reactor).store(f"{files.url}/exact", "x", b"def")


@pytest.mark.parametrize("url", ["ftp://host/file", "http://", "nonsense", "http://[bad"])
@pytest_twisted.ensureDeferred
async def test_not_http(url: str) -> None:
    """Other protocols are not spoken."""
    with pytest.raises(SchemeError):
        await HttpTransfer(reactor).fetch(url)


@pytest_twisted.ensureDeferred
async def test_nobody_there() -> None:
    """A server that is not there has no file."""
    port = reactor.listenTCP(0, Factory(), interface="127.0.0.1")
    url = f"http://127.0.0.1:{port.getHost().port}/x"
    await port.stopListening()
    with pytest.raises(TransferError):
        await HttpTransfer(reactor).fetch(url)
