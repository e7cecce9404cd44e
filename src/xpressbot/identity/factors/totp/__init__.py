"""Authenticator apps: time-based one-time passwords (RFC 6238)."""
