"""The pure middle: values, rules and ports.  No I/O, no Twisted, no OCPP version."""
