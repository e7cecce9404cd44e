"""What a person may change of their account that does not decide who can sign in to it."""
