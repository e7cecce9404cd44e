"""Whole numbers as the addresses and forms of our own pages have them."""

from typing import Final

_MOST_SHOWN: Final = 10**9 - 1
"""More than any page of ours shows as the number of a version, a draft or a message."""


def whole_number(text: str, most: int = _MOST_SHOWN) -> int | None:
    """A number from 0 to `most` in ASCII digits; None for any other text, and for one with more digits than `most` has."""
    is_number = text.isascii() and text.isdigit() and len(text) <= len(str(most))
    return int(text) if is_number and int(text) <= most else None
