"""The team: who is in it, and what its owners and admins do for its members."""
