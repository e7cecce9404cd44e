"""Pure rules: what a pending sign-in is, and what it needs next."""
