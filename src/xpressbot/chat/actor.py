"""Who does something, as chat is told it."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Actor:
    """A member of the team as plain values: chat knows no accounts. Whether they may do it was decided by who hands them over.

    id: None for the operator, who has no account.
    """

    id: str | None
    name: str


OPERATOR: Final = Actor(None, "operator")
