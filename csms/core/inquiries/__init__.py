"""Asking stations how their transactions stand (OCPP 2.x E14)."""
