"""Totp."""
