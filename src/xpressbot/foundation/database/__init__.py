"""Engines, typed transactions, SQLite's single writer, running migrations, leases, and rows that expire or end at a restore."""
