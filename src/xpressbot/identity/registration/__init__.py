"""New accounts: the owner's, and those of people who were invited."""
