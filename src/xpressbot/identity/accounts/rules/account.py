"""An account: who a person is, apart from how they prove it."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from xpressbot.foundation.text import normalise_line
from xpressbot.identity.accounts.rules.roles import Role

MAX_NAME_LENGTH: Final = 100


class AccountStatus(StrEnum):
    """Whether an account may be used."""

    ACTIVE = "active"
    DISABLED = "disabled"
    """Suspended, by an admin or the operator, until one of them enables it."""
    REMOVED = "removed"
    """From the team, for good. The row stays, so that the record can be read; the address is free for another account."""
    CLOSED = "closed"
    """The same, by its person."""


class PasswordStatus(StrEnum):
    """What the password of an account is good for."""

    IN_USE = "in_use"
    TO_BE_REPLACED = "to_be_replaced"
    """Somebody else may know it: a sign-in that has proven everything reaches only the page for a new one."""
    VOID = "void"
    """It opens nothing until it is set anew by a link."""


@dataclass(frozen=True, slots=True)
class Account:
    """security_version rises with every change of password, factor, address or status; what was decided on an older one is void."""

    id: str
    email: str
    name: str
    status: AccountStatus | None
    """None for one that a newer version of this program gave it: whatever it means, the account is not active."""
    security_version: int
    password_hash: str = field(repr=False)
    role: Role | None = Role.AGENT
    """None for one that a newer version of this program gave it: it permits nothing but what concerns the own account."""
    must_enrol: bool = False
    """2FA was reset: the password alone opens nothing but the way to set it up again, by a link from the operator or an admin."""
    password_status: PasswordStatus | None = PasswordStatus.IN_USE
    """None for one that a newer version of this program gave it: the password opens nothing."""
    language: str | None = None
    """The tag of the language that the person has chosen (BCP 47). None: the browser's. A newer version may know more languages."""
    mail_language: str | None = None
    """Of mails, while none is chosen: that of the page on which the account was made, or the browser's when it was chosen. An account
    that the operator made has that of its first sign-in. Later sign-ins leave it: who has stolen the password must not choose in which
    language its person is warned."""
    email_confirmed_at: int | None = None
    """When a mailed token last proved that the person gets the mail of this address; None where none has (ASVS 6.3.7)."""
    protected_since: int | None = None
    """Since when an authenticator has been in force; None while 2FA is off."""
    reset_request_id: str | None = None
    """The request of another member to reset 2FA that waits for this account, and that its person can stop; None where none does."""
    exempt_until: int | None = None
    """Until when the person need not have 2FA though the team requires it, as it is stored: `two_factor_policy` says whether it counts."""
    reminder_put_off_until: int | None = None

    @property
    def is_member(self) -> bool:
        """Whether the person is in the team, suspended or not."""
        return self.status in {AccountStatus.ACTIVE, AccountStatus.DISABLED}

    @property
    def language_of_mails(self) -> str | None:
        """The tag of the language in which the person is written to; None while none is known."""
        return self.language or self.mail_language

    @property
    def replaces_password(self) -> bool:
        """Whether a sign-in that has proven everything must set a new password before there is a session."""
        return self.password_status is not PasswordStatus.IN_USE

    @property
    def password_unlocks(self) -> bool:
        """Whether the password alone goes on with a locked session: not while somebody else may know it."""
        return not self.replaces_password

    @property
    def password_opens(self) -> bool:
        """Whether the right password is the beginning of a sign-in."""
        return self.status is AccountStatus.ACTIVE and self.password_status in {PasswordStatus.IN_USE, PasswordStatus.TO_BE_REPLACED}


def status_after_report(now: PasswordStatus | None, *, needs_second_factor: bool) -> PasswordStatus:
    """What the password is good for after its person has said that somebody else acted with it.

    needs_second_factor: whether the password alone leads nowhere. Then whoever proves one may set the next; else nobody with the
    password may. One that opens nothing goes on doing so.
    """
    is_usable = now in {PasswordStatus.IN_USE, PasswordStatus.TO_BE_REPLACED}
    return PasswordStatus.TO_BE_REPLACED if needs_second_factor and is_usable else PasswordStatus.VOID


def normalise_name(text: str) -> str | None:
    """Return the name as it is kept, or None if it is empty, longer than MAX_NAME_LENGTH or not printable."""
    return normalise_line(text, max_length=MAX_NAME_LENGTH)
