"""OCPP 2.1, where it differs from 2.0.1."""
