"""Announces ``twistd csms`` without importing the product."""

from twisted.application.service import ServiceMaker

csms = ServiceMaker("csms", "csms.options", "Charging-station management system (OCPP).", "csms")
