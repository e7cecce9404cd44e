"""What performance is claimed, and the commands that measure it. README.md says how to run it."""
