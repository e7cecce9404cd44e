"""What pages need on which somebody chooses a first password."""

from functools import cache
from typing import Any, Final

from xpressbot.entrypoints.http.forms import password_problem
from xpressbot.entrypoints.http.translation import _
from xpressbot.entrypoints.http.visit import Visit
from xpressbot.entrypoints.http.wording import Text
from xpressbot.identity.domain.account import MAX_NAME_LENGTH, normalise_name

_PASSPHRASE_WORDS: Final = 6
"""62 bits from the EFF's short list of 1,296 plain words."""


def new_password_context(visit: Visit) -> dict[str, Any]:
    """The rule, and a passphrase made for this page."""
    return {"min_length": visit.site.house.settings.password_min_length, "suggestion": _passphrase(visit)}


def name_and_password_problems(visit: Visit) -> tuple[str, dict[str, Text]]:
    """The normalised name, and what is wrong with the shape of name and password."""
    name = normalise_name(visit.form["name"])
    errors: dict[str, Text] = {}
    if name is None:
        errors["name"] = _("Enter your name: up to %(count)d characters, without control characters.") % {"count": MAX_NAME_LENGTH}
    if problem := password_problem(visit.form["password"]):
        errors["password"] = problem
    return name or "", errors


def _passphrase(visit: Visit) -> str:
    words = _words()
    # 4 bytes over 1,296 words: no word is likelier than another by more than one part in three million.
    chosen = (int.from_bytes(visit.site.house.entropy.token_bytes(4)) % len(words) for _word in range(_PASSPHRASE_WORDS))
    return "-".join(words[number] for number in chosen)


@cache
def _words() -> list[str]:
    from xkcdpass import xkcd_password  # noqa: PLC0415  # needed once in the life of an account

    # Sorted, for they come in another order in every process.
    return sorted(xkcd_password.generate_wordlist(xkcd_password.locate_wordfile("eff-short"), min_length=3, max_length=9))
