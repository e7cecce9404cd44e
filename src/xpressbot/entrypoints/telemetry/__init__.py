"""Which metrics there are, and what outcomes they count."""
