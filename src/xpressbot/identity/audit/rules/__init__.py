"""Pure rules: which kinds of events there are, how a chain is hashed, what becomes a notice."""
