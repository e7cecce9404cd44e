"""What an operator does and checks over all accounts."""
