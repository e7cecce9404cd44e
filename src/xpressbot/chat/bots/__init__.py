"""Bots: how they are made, published, kept as versions, carried as files, and where they are used."""
