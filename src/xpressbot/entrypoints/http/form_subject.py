"""Whom a form is shown to. It acts for that person alone, even if another is in the browser's cookies by then.

The cookie may change between showing a form and sending it: a second person signs in, or another site opens a link of its own
(docs/adr/0005).
"""

import hmac
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from starlette.exceptions import HTTPException

from xpressbot.foundation.crypto.encryption import KeyedDigests
from xpressbot.foundation.tokens import Token
from xpressbot.identity.accounts.rules.account import Account
from xpressbot.identity.accounts.rules.address import MAX_EMAIL_LENGTH
from xpressbot.identity.sign_in.re_enrolment import Enrollee
from xpressbot.identity.sign_in.rules.pending import PendingSignIn

FIELD: Final = "for"
_PURPOSE: Final = "form subject"
_SHAPE: Final = re.compile(rf"(?P<address>[^\x00-\x20]{{0,{MAX_EMAIL_LENGTH}}}) (?P<mac>[0-9a-f]{{64}})")


class Holder(StrEnum):
    """How a browser shows who is there."""

    SESSION = "session"
    PENDING_SIGN_IN = "pending_sign_in"
    LINK = "link"


@dataclass(frozen=True, slots=True)
class FormSubject:
    """An account, or where a link is to make one, that link. address: as the page shows it; empty where it shows none."""

    id: str
    address: str
    holder: Holder

    @classmethod
    def signed_in(cls, account: Account) -> "FormSubject":
        """A person with a session."""
        return cls(account.id, account.email, Holder.SESSION)

    @classmethod
    def signing_in(cls, pending: PendingSignIn) -> "FormSubject":
        """A person between the password and the session."""
        return cls(pending.account_id, pending.email, Holder.PENDING_SIGN_IN)

    @classmethod
    def must_enrol(cls, enrollee: Enrollee) -> "FormSubject":
        """A person who has to set up 2FA before there is a session."""
        return cls.signing_in(enrollee.pending)

    @classmethod
    def named_by_link(cls, account: Account) -> "FormSubject":
        """The person of an account, by a link that was given out for it."""
        return cls(account.id, account.email, Holder.LINK)

    @classmethod
    def of_address_before(cls, account_id: str, address: str) -> "FormSubject":
        """The person whom an account's address belonged to before its last change, by the link that stops it."""
        return cls(account_id, address, Holder.LINK)

    @classmethod
    def of_link(cls, token: Token, address: str) -> "FormSubject":
        """A person who is to have an account by a link."""
        return cls(token.digest.hex(), address, Holder.LINK)


class FormSubjects:
    """Writes and reads the hidden field: the address as shown, and a MAC over it and the subject."""

    def __init__(self, digest: KeyedDigests) -> None:
        self._digest = digest

    def value(self, subject: FormSubject) -> str:
        """What the field holds on a page that is shown to this subject."""
        return f"{subject.address} {self._mac(subject.id, subject.address)}"

    def other_than(self, subject: FormSubject, value: str) -> str | None:
        """The address that a form was shown to, if that was not this subject; None if it was.

        The address may differ from today's: it is the subject that counts. Raises HTTPException 422 for a field that is missing
        or has another shape.
        """
        shown = _SHAPE.fullmatch(value)
        if shown is None:
            raise HTTPException(422)
        is_same = hmac.compare_digest(shown["mac"], self._mac(subject.id, shown["address"]))
        return None if is_same else shown["address"]

    def _mac(self, subject_id: str, address: str) -> str:
        return self._digest.digest(_PURPOSE, f"{subject_id} {address}".encode()).hex()
