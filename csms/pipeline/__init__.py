"""Durable commit, events, commands, scheduled work."""
