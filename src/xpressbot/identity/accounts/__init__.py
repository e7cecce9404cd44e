"""Accounts, their addresses, and who owns the installation."""
