"""The face to the stations: sockets, who is speaking, OCPP-J frames, flow control."""
