"""Firmware: updates of stations, and what local controllers publish for those behind them."""
