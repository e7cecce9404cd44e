"""Challenge and response on pages."""
