"""What the bots do: scripts, channels, conversations. It imports nothing of identity."""
