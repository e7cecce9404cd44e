"""Web chat: a page of this installation on which people write to a bot."""
