"""The kinds of factors as people meet them, a package each, and the registry that lists them."""
