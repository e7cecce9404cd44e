"""The ground that both wings stand on: settings, time and chance, database, key ring, logging."""
