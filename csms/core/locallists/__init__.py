"""The local authorization lists of stations: what they should hold, and what they confirmed."""
