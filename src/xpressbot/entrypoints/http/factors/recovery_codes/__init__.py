"""Recovery codes on pages."""
