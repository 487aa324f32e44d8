"""Security events: what stations notice of attacks, failures and changes."""
