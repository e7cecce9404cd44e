"""Pure rules of identity. Standard library only; time, entropy and codes come in as arguments."""
