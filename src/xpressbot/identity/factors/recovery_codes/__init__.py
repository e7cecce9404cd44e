"""Recovery codes: look-up secrets (NIST SP 800-63B section 3.1.2) for the day without an authenticator."""
