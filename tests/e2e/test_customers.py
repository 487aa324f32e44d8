"""Customer information (block N), through the real process."""

from __future__ import annotations

from typing import Any

import pytest

from csms.testing.charger import NewerCharger, stamp
from csms.testing.process import RunningCsms

pytestmark = pytest.mark.e2e

TOKEN = {"id_token": "TAG"}
CERTIFICATE = {
    "algorithm": "SHA256",
    "issuer_name_hash": "aa" * 32,
    "issuer_key_hash": "bb" * 32,
    "serial_number": "1234",
}
CASES: dict[str, tuple[dict[str, Any], str, list[str]]] = {
    "TC_N_27": ({**TOKEN}, "Accepted", ["name=", "X"]),
    "TC_N_28": ({**TOKEN}, "Accepted", [""]),
    "TC_N_29": ({**TOKEN}, "Rejected", []),
    "TC_N_30": ({**TOKEN, "clear": True}, "Accepted", ["name=X"]),
    "TC_N_31": ({**TOKEN, "clear": True}, "Accepted", [""]),
    "TC_N_32": ({**TOKEN, "report": False, "clear": True}, "Accepted", []),
    "TC_N_62": ({"customer_identifier": "42", "clear": True}, "Accepted", ["name=X"]),
    "TC_N_63": ({"certificate": CERTIFICATE, "clear": True}, "Accepted", ["name=X"]),
}
"""What is asked, what the station answers, and the parts that it tells."""


@pytest.mark.parametrize("version", ["2.0.1", "2.1"])
@pytest.mark.parametrize("case", CASES)
def test_tc_n_customer_information(server: RunningCsms, case: str, version: str) -> None:
    """TC_N_27 to TC_N_32, TC_N_62, TC_N_63: told and forgotten, with data, without, and refused."""
    body, status, parts = CASES[case]
    identity = f"{case}-{version}"
    url = server.ocpp_url(identity)
    with NewerCharger.connect(url, subprotocols=(f"ocpp{version}",)) as cp:
        cp.replies = {"CustomerInformation": {"status": status}}
        cp.boot()
        with cp.serving():
            asked = server.ask(identity, "customer-information", body)
            assert asked["status"] == status.lower()
            _, payload = cp.asked.pop()
            assert payload["clear"] is body.get("clear", False)
            for number, text in enumerate(parts):
                part = {
                    "requestId": payload["requestId"],
                    "seqNo": number,
                    "generatedAt": stamp(),
                    "data": text,
                    "tbc": number < len(parts) - 1,
                }
                assert cp.call("NotifyCustomerInformation", part) == {}
        path = f"/api/v1/stations/{identity}/customer-information/{asked['ref']}"
        if parts:
            told = server.get(path)
            assert (told["status"], told["text"]) == ("complete", "".join(parts))
        else:
            assert server.request("GET", path).status == 404
