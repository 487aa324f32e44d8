"""What stations know of customers, told and forgotten on request (OCPP 2.x N09, N10)."""
