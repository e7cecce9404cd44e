"""What the bots do: scripts, channels, conversations. It knows nothing of accounts: who does something is told to it."""
