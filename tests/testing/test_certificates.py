"""`MemoryCertificateRequests` keeps the contract of certificate requests."""

from __future__ import annotations

import pytest

from csms.testing.certificates import MemoryCertificateRequests
from csms.testing.contracts.certificates import AT, CertificateRequestsContract, Kept
from csms.testing.stations import MemoryStations


class TestMemoryCertificateRequests(CertificateRequestsContract):
    """The contract, in memory."""

    @pytest.fixture
    def kept(self) -> Kept:
        """A station, and no requests."""
        stations = MemoryStations(lambda: AT)
        stations.seed("CP1")
        requests = MemoryCertificateRequests(stations)
        return Kept(requests, requests.seed)
