"""Monitoring (OCPP 2.x N): monitors of variables, the events they raise, and streams of values."""
