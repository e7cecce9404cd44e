"""What every capability builds on, and which knows none of them: settings, clock, random numbers, database, key ring, logging."""
