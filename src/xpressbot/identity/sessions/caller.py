"""Who asks: the browser, and the person whose session it holds, if there is one."""

from dataclasses import dataclass

from xpressbot.foundation.tokens import Token
from xpressbot.identity.accounts.rules.account import Account
from xpressbot.identity.accounts.rules.two_factor_policy import TeamPolicy
from xpressbot.identity.audit.rules.event import DetailValue, EventKind, NewEvent
from xpressbot.identity.sessions.rules.session import Session


@dataclass(frozen=True, slots=True)
class Client:
    """A browser: where it speaks from, what it calls itself, and the tokens it brought.

    language: the tag of the one in which it is answered before an account is known; None where nothing is shown.
    """

    address: str
    user_agent: str
    session: Token | None = None
    device: Token | None = None
    sign_in: Token | None = None
    language: str | None = None

    def event(
        self, kind: EventKind, *, factor: str | None = None, actor: str | None = None, target: str | None = None, **details: DetailValue
    ) -> NewEvent:
        """An event with the circumstances a person recognises it by."""
        return NewEvent(kind, {"address": self.address, "user_agent": self.user_agent, **details}, factor, actor, target)


@dataclass(frozen=True, slots=True)
class SessionHolder:
    """A person whose browser holds a session. token: what the request brought; the session as it was under it.

    policy: what the team asks of its members.
    """

    account: Account
    session: Session
    token: Token
    client: Client
    policy: TeamPolicy

    def event(self, kind: EventKind, *, factor: str | None = None, target: str | None = None, **details: DetailValue) -> NewEvent:
        """An event of this session."""
        return self.client.event(kind, factor=factor, actor=self.account.id, target=target, session=self.session.id, **details)


@dataclass(frozen=True, slots=True)
class Caller(SessionHolder):
    """A signed-in person in one browser: the session is live."""


@dataclass(frozen=True, slots=True)
class LockedCaller(SessionHolder):
    """A person whose session is locked. It opens nothing but what unlocks or ends it, which takes this type and no other does."""


@dataclass(frozen=True, slots=True)
class MustEnrol(SessionHolder):
    """A person whose session is live, and who owes the team 2FA. It opens nothing but signing out: 2FA is set up at the next sign-in.

    A password-only session is no better than the password, with which alone nobody may set it up where a link can be mailed.
    """
