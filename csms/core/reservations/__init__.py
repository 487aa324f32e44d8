"""Reservations: an EVSE (or any, or a kind of plug) kept for a driver until a time."""
