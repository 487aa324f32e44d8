"""What a vehicle says through its charger with ISO 15118 (2.0.1 K15 to K17, M01, M02)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from csms.sim.charging import ImpossibleError
from csms.sim.connector import MAINS_V
from csms.sim.messages import Payload

if TYPE_CHECKING:
    from csms.sim.charger import Charger

SCHEMA_2 = "urn:iso:15118:2:2013:MsgDef"
SCHEDULES = 3
LEAST_A = 6


async def charging_needs(charger: Charger, connector_id: int = 1) -> str:
    """Tell what the vehicle wants; returns the status of the answer.

    Raises `ImpossibleError` without a vehicle, `csms.sim.messages.NoAnswer`.
    """
    connector = charger.charging.connector(connector_id)
    vehicle = connector.vehicle
    if vehicle is None:
        raise ImpossibleError(f"connector {connector_id} has no vehicle")
    missing_wh = round((vehicle.target_soc - vehicle.soc) / 100 * vehicle.capacity_wh)
    most_a = round(connector.power_w / (MAINS_V * max(1, connector.phases)))
    if connector.phases:
        kind = "AC_three_phase" if connector.phases == 3 else "AC_single_phase"
        needs: Payload = {
            "requestedEnergyTransfer": kind,
            "acChargingParameters": {
                "energyAmount": missing_wh,
                "evMinCurrent": LEAST_A,
                "evMaxCurrent": most_a,
                "evMaxVoltage": round(MAINS_V),
            },
        }
    else:
        needs = {
            "requestedEnergyTransfer": "DC",
            "dcChargingParameters": {
                "evMaxCurrent": most_a,
                "evMaxVoltage": 800,
                "energyAmount": missing_wh,
                "evMaxPower": round(vehicle.max_power_w),
                "stateOfCharge": round(vehicle.soc),
                "evEnergyCapacity": round(vehicle.capacity_wh),
            },
        }
    payload = {"evseId": connector_id, "maxScheduleTuples": SCHEDULES, "chargingNeeds": needs}
    answer = await charger.say("NotifyEVChargingNeeds", payload)
    return str(answer["status"])


async def ev_certificate(charger: Charger, exi: str, action: str = "Install") -> Payload:
    """Ask for a contract certificate with the vehicle's own words; returns the answer.

    ``exi`` is the CertificateInstallationReq in base64.  Raises `csms.sim.messages.NoAnswer`.
    """
    payload = {"iso15118SchemaVersion": SCHEMA_2, "action": action, "exiRequest": exi}
    return await charger.say("Get15118EVCertificate", payload)
