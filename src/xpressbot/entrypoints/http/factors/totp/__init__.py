"""Codes of an authenticator app on pages."""
