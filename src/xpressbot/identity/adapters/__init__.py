"""What the core needs from outside, made real: SQLAlchemy Core and Argon2."""
