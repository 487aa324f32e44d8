"""Payments that stations take themselves, at terminals and by web (OCPP 2.1 C)."""
