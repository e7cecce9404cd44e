"""Addresses of accounts as an operator's lists show them."""

from typing import Final

from xpressbot.foundation.logging import printable
from xpressbot.foundation.text import is_ignorable
from xpressbot.identity.accounts.rules.address import ascii_form, unicode_form
from xpressbot.identity.accounts.rules.unicode_scripts import scripts_of

_COMMON: Final = frozenset({"Latin"})


def listed_address(email: str) -> str:
    """An address of which nothing can be taken for another: what cannot be seen is spelled out as a shell's $'...' takes it.

    Behind one with other letters than ASCII stand their scripts, where they are not Latin alone, and the form without them.
    """
    plain, letters = ascii_form(email), unicode_form(email)
    if letters.isascii():
        return printable(email)
    shown = "".join(_spelled_out(character) if is_ignorable(character) else printable(character) for character in email)
    scripts = scripts_of(letters)
    notes = [" + ".join(sorted(scripts))] if scripts - _COMMON else []
    notes += [plain] if plain != email else []
    return f"{shown} ({', '.join(notes)})" if notes else shown


def _spelled_out(character: str) -> str:
    return f"\\u{ord(character):04x}" if ord(character) < 0x10000 else f"\\U{ord(character):08x}"
