"""Pure rules of HOTP, TOTP, otpauth addresses, and what codes tell of wrong clocks."""
