"""What tests stand on: verified memory providers, and the contracts that verify them."""
