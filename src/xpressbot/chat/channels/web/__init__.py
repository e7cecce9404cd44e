"""The chat page, which customers open in a browser."""
