"""Addresses of accounts as an operator's lists show them."""

from typing import Final

from xpressbot.foundation.logging import printable
from xpressbot.identity.accounts.rules.address import ascii_form, unicode_form
from xpressbot.identity.accounts.rules.unicode_scripts import scripts_of

_COMMON: Final = frozenset({"Latin"})


def listed_address(email: str) -> str:
    """An address that cannot be taken for another.

    Behind one with other letters than ASCII stand their scripts, where they are not Latin alone, and the form without them.
    """
    plain, letters = ascii_form(email), unicode_form(email)
    if letters.isascii():
        return printable(email)
    shown = printable(email)
    scripts = scripts_of(letters)
    notes = [" + ".join(sorted(scripts))] if scripts - _COMMON else []
    notes += [plain] if plain != email else []
    return f"{shown} ({', '.join(notes)})" if notes else shown
