"""Conversations: what came in, what was answered, and who answers."""
