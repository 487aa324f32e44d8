"""DataTransfer: messages that only their vendors know."""
