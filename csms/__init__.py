"""csms: a charging-station management system (OCPP central system) on Twisted."""

__version__ = "0.1.0"
