"""What pages need on which a person chooses a password, or a name."""

import json
from functools import cache
from typing import Any, Final

from xpressbot.entrypoints.http.forms import password_problem
from xpressbot.entrypoints.http.page_request import PageRequest
from xpressbot.entrypoints.messages.formatting import Text, number
from xpressbot.entrypoints.messages.translation import Texts
from xpressbot.identity.accounts.rules.account import MAX_NAME_LENGTH, normalise_name

_PASSPHRASE_WORDS: Final = 6
"""62 bits from the EFF's short list of 1,296 plain words."""


def new_password_context(request: PageRequest) -> dict[str, Any]:
    """The rule, what the page's script says while too little is typed, and a passphrase made for this page."""
    min_length = request.site.services.settings.password_min_length
    missing = [_characters_missing(request.texts, count) for count in range(1, min_length + 1)]
    return {"min_length": min_length, "missing": json.dumps(missing, ensure_ascii=False), "suggestion": _passphrase(request)}


def name_and_password_problems(request: PageRequest) -> tuple[str, dict[str, Text]]:
    """The normalised name, and what is wrong with the shape of name and password."""
    name = normalise_name(request.form["name"])
    errors: dict[str, Text] = {}
    if name is None:
        errors["name"] = name_problem(request.texts)
    if problem := password_problem(request.texts, request.form["password"]):
        errors["password"] = problem
    return name or "", errors


def name_problem(texts: Texts) -> str:
    """What is wrong with a name that cannot be kept."""
    sentence = texts.ngettext(
        "Enter your name: up to %(count)s character, without control characters.",
        "Enter your name: up to %(count)s characters, without control characters.",
        MAX_NAME_LENGTH,
    )
    return sentence % {"count": number(texts, MAX_NAME_LENGTH)}


def _characters_missing(texts: Texts, count: int) -> str:
    return texts.ngettext("%(count)s more character", "%(count)s more characters", count) % {"count": number(texts, count)}


def _passphrase(request: PageRequest) -> str:
    words = _words()
    # 4 bytes over 1,296 words: no word is likelier than another by more than one part in three million.
    chosen = (int.from_bytes(request.site.services.entropy.token_bytes(4)) % len(words) for _word in range(_PASSPHRASE_WORDS))
    return "-".join(words[number] for number in chosen)


@cache
def _words() -> list[str]:
    from xkcdpass import xkcd_password  # noqa: PLC0415  # needed once in the life of an account

    # Sorted, for they come in another order in every process.
    return sorted(xkcd_password.generate_wordlist(xkcd_password.locate_wordfile("eff-short"), min_length=3, max_length=9))
