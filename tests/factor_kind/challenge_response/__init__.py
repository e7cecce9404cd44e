"""A kind of factor as a later one would be: a package of rules and statements, a package of pages, and its tables."""
