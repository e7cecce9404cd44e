"""Re encryption."""
