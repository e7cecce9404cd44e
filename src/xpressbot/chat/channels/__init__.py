"""Where people write to a bot: the kinds of channels, and the channels there are."""
