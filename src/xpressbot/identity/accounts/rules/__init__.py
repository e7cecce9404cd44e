"""Pure rules: an account's status, which addresses are valid and equal, the table of actions."""
