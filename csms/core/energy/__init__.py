"""Stations as a part of the grid: priority charging, power given back, and controls of distributed
energy resources (DER)."""
