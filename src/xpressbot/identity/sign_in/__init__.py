"""The steps of signing in: password, second factor, setting 2FA up again after a reset; and confirming who is there."""
