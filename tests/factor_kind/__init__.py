"""The contract of kinds of factors, and a kind that is none of the program's: challenge and response."""
