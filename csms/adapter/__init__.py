"""The OCPP dialects: wire payloads to core reports and core commands to wire payloads.

All code that knows an OCPP version lives here, one folder per version.
"""
