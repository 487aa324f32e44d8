"""Messages that stations show on their displays."""
