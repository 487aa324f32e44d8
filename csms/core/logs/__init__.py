"""Logs that stations upload: diagnostics, security logs, data of collectors."""
