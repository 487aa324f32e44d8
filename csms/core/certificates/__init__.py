"""Certificates of stations: asked for, signed, installed, and those that drivers' cars present.

Nothing here signs anything or trusts anybody: what a station asks for is checked and kept until
somebody gives a chain for it, and what is not validated is answered as not validated.
"""
