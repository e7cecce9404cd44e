"""Expiry."""
