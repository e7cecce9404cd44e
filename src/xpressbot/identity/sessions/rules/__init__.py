"""Pure rules: lifetimes of a session, assurance and step-up, which browser is known."""
