"""Password rules, strength and hashing (Argon2id)."""
