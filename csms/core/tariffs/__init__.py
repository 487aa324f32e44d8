"""Tariffs that stations calculate with (OCPP 2.1 I), and what a session costs so far."""
