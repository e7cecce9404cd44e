"""The key ring, encryption of columns, keyed digests, and replacing keys."""
