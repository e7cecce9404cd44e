"""Enums as the database stores them. A newer version of this program may have written a value that this one has no name for."""

from enum import StrEnum
from typing import TypeVar

Kind = TypeVar("Kind", bound=StrEnum)


def member_or_none(kinds: type[Kind], text: str) -> Kind | None:
    """The member of this value; None for one that is not among them.

    Code that decides by it refuses then; code that only reports says that there is something else.
    """
    try:
        return kinds(text)
    except ValueError:
        return None
