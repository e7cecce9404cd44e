"""A team as its owners and admins see it: invitations and reminders where a mail server is set, and what the team's record holds."""

from tests.support.installation import CLIENT, PASSWORD, Installation
from tests.support.people import Person, protected
from tests.use_cases.instrumentation import events, parts_of
from xpressbot.entrypoints.services import Services
from xpressbot.foundation.tokens import Token
from xpressbot.identity.accounts.rules.account import Account
from xpressbot.identity.accounts.rules.roles import Role
from xpressbot.identity.audit.rules.event import TEAM, EventKind, NewEvent
from xpressbot.identity.outcomes import SignedIn
from xpressbot.identity.sessions.caller import Caller
from xpressbot.identity.sessions.gate import Gate
from xpressbot.identity.team.invitations import Invitations, Invited
from xpressbot.identity.team.reminders import Reminders
from xpressbot.identity.team.roster import Member, RosterPage
from xpressbot.identity.team.rules.roster import RosterFilter

BERTA = "berta@example.com"


def owner_and_admin(services: Services) -> tuple[Person, Person]:
    """Two members who may invite, each with 2FA on."""
    return protected(services, "owner@example.com"), protected(services, "admin@example.com", role=Role.ADMIN)


def mailing(installation: Installation) -> Invitations:
    """Invitations as where a mail server is set. The mails are files, which are read as their recipients would."""
    parts = parts_of(installation)
    return Invitations(parts.transactions, Gate(parts.transactions, parts.system, parts.kinds.methods), parts.system, sends_mail=True)


def reminding(installation: Installation) -> Reminders:
    """Reminders as where a mail server is set."""
    parts = parts_of(installation)
    return Reminders(parts.transactions, Gate(parts.transactions, parts.system, parts.kinds.methods), parts.system, sends_mail=True)


def invited(invitations: Invitations, caller: Caller, email: str = BERTA, role: Role = Role.AGENT, replaces: str = "") -> Invited:
    """An invitation that a member has given out."""
    outcome = invitations.invite(caller, email, role, "en", replaces=replaces)
    assert isinstance(outcome, Invited), outcome
    return outcome


def joined(services: Services, token: Token, name: str = "Berta Sommer") -> Account:
    """The account of a person who has accepted."""
    outcome = services.identity.joining.accept(token, name, PASSWORD, CLIENT)
    assert isinstance(outcome, SignedIn), outcome
    found = services.identity.sessions.find(outcome.session)
    assert isinstance(found, tuple), found
    return found[1]


def roster(services: Services, caller: Caller, asked: RosterFilter | None = None, after: str = "") -> RosterPage:
    """A page of the roster."""
    page = services.identity.roster.look(caller, asked or RosterFilter(), after)
    assert isinstance(page, RosterPage), page
    return page


def member(services: Services, caller: Caller, email: str) -> Member:
    """A member as the roster shows them."""
    (found,) = [one for one in roster(services, caller).members if one.account.email == email]
    return found


def recorded(installation: Installation, kind: EventKind) -> list[NewEvent]:
    """The events of one kind in the team's record."""
    return [event for event in events(installation, TEAM) if event.kind is kind]
