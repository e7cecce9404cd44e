"""E-mail addresses: which are taken, how they are kept, and which are one account. Nothing is looked up in the DNS.

The syntax is email-validator's: a pure function on text, like the idna that it brings (docs/adr/0014).
"""

import unicodedata
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

import email_validator

from xpressbot.foundation.text import MOST_TYPED, is_ignorable, is_printable
from xpressbot.foundation.times import HOUR
from xpressbot.identity.accounts.rules.unicode_scripts import mixes_scripts

MAX_EMAIL_LENGTH: Final = 254
RESERVED_FOR: Final = 72 * HOUR
"""After a change of address: for so long the one before is kept for its account, and can stop the change."""
_PUNYCODE: Final = "xn--"

# A mail server at home may well serve home.arpa or .local, and nothing is sent or looked up here.
email_validator.SPECIAL_USE_DOMAIN_NAMES.clear()


class AddressProblem(Enum):
    """Why an address is refused."""

    UNSEEN = auto()
    """It has a character that cannot be seen, and so could not be typed again."""
    NOT_ASCII = auto()
    """Letters other than ASCII before the @ (SMTPUTF8, RFC 6531), which most mail servers and all browsers' e-mail fields refuse."""
    UNUSABLE = auto()
    """No mail server could take it."""


@dataclass(frozen=True, slots=True)
class _Address:
    local: str
    unicode_domain: str
    ascii_domain: str


def normalise_email(text: str) -> str | AddressProblem:
    """Return an address as it is kept and shown, or why it is refused.

    It is trimmed and keeps its capitals. A domain with other letters than ASCII goes by IDNA 2008 and UTS 46, whichever form was
    typed; it is shown in Unicode, but in its xn-- form where one label mixes scripts that no language writes together.
    """
    address = _judge(text)
    if isinstance(address, AddressProblem):
        return address
    if _has_one_form(text):
        return text.strip()
    is_odd = any(map(mixes_scripts, address.unicode_domain.split(".")))
    return f"{address.local}@{address.ascii_domain if is_odd else address.unicode_domain}"


def email_key(email: str) -> str:
    """The form in which two spellings of one address are the same account: lower case, and the domain in ASCII (IDNA)."""
    return (email if _has_one_form(email) else ascii_form(email)).strip().casefold()


def ascii_form(email: str) -> str:
    """The address as it goes over the wire; as it is when it has no such form."""
    address = _judge(email)
    return email if isinstance(address, AddressProblem) else f"{address.local}@{address.ascii_domain}"


def unicode_form(email: str) -> str:
    """The address with the letters that its domain stands for; as it is when it has no such form."""
    address = _judge(email)
    return email if isinstance(address, AddressProblem) else f"{address.local}@{address.unicode_domain}"


def _judge(text: str) -> _Address | AddressProblem:
    if len(text) > MOST_TYPED:
        return AddressProblem.UNUSABLE
    email = unicodedata.normalize("NFC", text.strip())
    local, _at, domain = email.partition("@")
    if len(email) > MAX_EMAIL_LENGTH or not domain or not is_printable(email):
        return AddressProblem.UNUSABLE
    if any(map(is_ignorable, email)):
        return AddressProblem.UNSEEN
    if not local.isascii():
        return AddressProblem.NOT_ASCII
    try:
        valid = email_validator.validate_email(email, allow_smtputf8=False, check_deliverability=False)
    except email_validator.EmailNotValidError:
        return AddressProblem.UNUSABLE
    return _Address(local, valid.domain, valid.ascii_domain)


def _has_one_form(email: str) -> bool:
    """Whether its domain is written in one way only, apart from capitals."""
    return email.isascii() and _PUNYCODE not in email.casefold()
