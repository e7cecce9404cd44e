"""A reset of 2FA, for a person who has lost everything: by the operator, and what every reset does. ReEnrolment is the way back in."""

from typing import Final

from xpressbot.foundation.clock_and_entropy import System
from xpressbot.foundation.database.transaction import Transactions, Writing
from xpressbot.foundation.tokens import Token
from xpressbot.identity.accounts import store as account_store
from xpressbot.identity.audit.append import append_event
from xpressbot.identity.audit.rules.event import OPERATOR, TEAM, EventKind, NewEvent
from xpressbot.identity.factors.kind import Kinds
from xpressbot.identity.factors.protection import ProtectionRefusal, protection_of
from xpressbot.identity.factors.reset import remove_all_factors
from xpressbot.identity.links import rules as link
from xpressbot.identity.links import store as link_store
from xpressbot.identity.links.rules import Link, LinkKind
from xpressbot.identity.outcomes import Denied
from xpressbot.identity.sessions import known_browser_store
from xpressbot.identity.sessions.security_version import raise_security_version

MAX_REASON_LENGTH: Final = 100


class TwoFactorReset:
    """Removes what 2FA rests on, and gives out the link with which it is set up again."""

    def __init__(self, transactions: Transactions, system: System, kinds: Kinds) -> None:
        self._transactions = transactions
        self._system = system
        self._kinds = kinds

    def reset(self, email: str, reason: str) -> Token | Denied[ProtectionRefusal] | None:
        """Remove all that 2FA rests on, end all sessions, and return the token of the link for the next enrolment.

        An earlier link is void. Refused for an account without 2FA; None when there is no such account.
        """
        with self._transactions.writing() as tx:
            found = account_store.by_email(tx, email)
            account = account_store.lock(tx, found.id) if found else None
            if account is None:
                return None
            if not account.must_enrol and not protection_of(tx, account.id).is_on:
                return Denied(ProtectionRefusal.NOT_PROTECTED)
            now, token = self._system.now(), self._system.new_token()
            version = carry_out_reset(tx, self._kinds, account.id)
            open_re_enrolment_link(tx, account.id, version, token, now)
            own = NewEvent(EventKind.TWO_FACTOR_RESET, {"reason": reason}, actor=OPERATOR)
            append_event(tx, self._system.entropy, account.id, own, now)
            details = {"email": account.email, "reason": reason}
            of_team = NewEvent(EventKind.RESET_DONE, details, actor=OPERATOR, target=account.id)
            append_event(tx, self._system.entropy, TEAM, of_team, now)
            tx.commit()
            return token


def carry_out_reset(tx: Writing, kinds: Kinds, account_id: str) -> int:
    """Remove all that 2FA rests on, end all sessions, and let the account wait for its next enrolment; its new version.

    The new version ends the links that give power, too. The account must be locked.
    """
    remove_all_factors(tx, kinds, account_id)
    known_browser_store.forget_all(tx, account_id)
    account_store.set_must_enrol(tx, account_id, must_enrol=True)
    return raise_security_version(tx, account_id, keep_session=None)


def open_re_enrolment_link(tx: Writing, account_id: str, security_version: int, token: Token, now: int) -> None:
    """Open a link with which 2FA is set up again on this version of the account; an earlier one is void. The account must be locked."""
    new_link = Link(LinkKind.RE_ENROLMENT, account_id=account_id, security_version=security_version)
    link_store.void(tx, new_link, now)
    link_store.add(tx, new_link, token.digest, now, now + link.LIFETIME[LinkKind.RE_ENROLMENT])
