"""The device model: variables of components (OCPP 2.x) and configuration keys (1.6), as one thing.

Beside them live the station's password and its network profiles, which are set the same way.
"""
