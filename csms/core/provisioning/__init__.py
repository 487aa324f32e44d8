"""Setting stations up when they have booted: what they should have, and what they have."""
