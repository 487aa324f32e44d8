"""Swapping batteries (OCPP 2.1 S)."""
