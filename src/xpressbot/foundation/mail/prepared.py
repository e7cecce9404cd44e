"""What the sender gets of a mail that it has claimed: its words and what is to be noted, or when to ask again."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from xpressbot.foundation.database.transaction import Writing
from xpressbot.foundation.mail.claims import ClaimedMail
from xpressbot.foundation.mail.message import Letter


@dataclass(frozen=True, slots=True)
class NotBefore:
    """The mail is to be sent, but not earlier than `at`."""

    at: int


@dataclass(frozen=True, slots=True)
class Prepared:
    """A mail in words, and what is to be noted about it.

    stored: runs before the mail is handed over, in a transaction of its own, and stores what the mail needs to be true, such as the hash of
    a link's token. False where there is nothing to tell any more, NotBefore where the words are to be made anew.
    taken: runs in the transaction that marks the mail, before the mark. Returns when the same is to be told again, None where never.
    failed: runs in the transaction that marks a failed try, before the mark, and undoes `stored`: a next try stores its own. It does not
    run for the first try of which it is not certain that it failed: the mail may be there.
    """

    letter: Letter
    stored: Callable[[Writing, int], bool | NotBefore] | None = None
    taken: Callable[[Writing, int], int | None] | None = None
    failed: Callable[[Writing], None] | None = None


class UnknownKindError(Exception):
    """A newer version has written this mail, and may yet send it."""


class Prepare(Protocol):
    """Makes the words of a mail, or says when to; None where there is nothing to tell any more. What it raises is a failed try.

    Raises UnknownKindError where it knows no such mail.
    """

    def __call__(self, mail: ClaimedMail, /) -> Prepared | NotBefore | None: ...
