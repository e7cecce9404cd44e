"""What performance is claimed, and the commands that measure it."""
