"""Presence and routing beyond one process."""
