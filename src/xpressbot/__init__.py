"""XpressBot: a chat-automation dashboard whose accounts are protected by two-factor authentication."""

__version__ = "0.1.0"
