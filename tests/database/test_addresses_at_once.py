"""Several people who want one address at once, and a change that is stopped at once with others, on both engines."""

from collections.abc import Callable
from functools import partial

from sqlalchemy import select

from tests.database.test_sessions_at_once import at_once
from tests.support.installation import CLIENT, PASSWORD, Installation
from tests.support.mailed_links import change_email, email_link, links_to
from tests.support.people import caller_with, session_by_password
from xpressbot.identity.accounts.rules.account import Account
from xpressbot.identity.links.charges import LinkRefusal
from xpressbot.identity.links.rules import LinkKind
from xpressbot.identity.outcomes import Denied
from xpressbot.identity.profile.email_confirmation import EmailChanged, EmailLinkRefusal
from xpressbot.identity.profile.email_stop import Stop
from xpressbot.identity.registration.new_accounts import NewAccount, RegistrationRefusal
from xpressbot.identity.sessions.caller import Caller
from xpressbot.identity.sessions.gate import SessionRefusal
from xpressbot.identity.tables import ACCOUNT

WANTED = "wanted@example.net"
GONE = Denied(LinkRefusal.LINK_GONE)


def people(installation: Installation, number: int) -> list[Caller]:
    emails = [f"person{each}@example.com" for each in range(number)]
    for email in emails:
        installation.add_account(email)
    return [caller_with(installation.services, session_by_password(installation.services, email).session) for email in emails]


def addresses(installation: Installation) -> list[str]:
    with installation.services.database.read() as connection:
        return list(connection.execute(select(ACCOUNT.c.email).order_by(ACCOUNT.c.id)).scalars())


def test_of_several_that_want_one_address_at_once_one_has_it(installation: Installation) -> None:
    """Changes, new accounts and invitations: the others are told, and keep what they have."""
    identity = installation.services.identity
    callers = people(installation, 3)
    tokens = [email_link(installation, caller, WANTED) for caller in callers]
    changes: list[Callable[[], object]] = [
        partial(identity.email_confirmation.confirm, caller, token) for caller, token in zip(callers, tokens, strict=True)
    ]
    creations: list[Callable[[], object]] = [partial(identity.registration.create, NewAccount(WANTED, "New", PASSWORD))] * 2
    outcomes = at_once(*changes, *creations)
    assert sum(isinstance(outcome, EmailChanged | Account) for outcome in outcomes) == 1
    refusals = [outcome.reason for outcome in outcomes if isinstance(outcome, Denied)]
    assert len(refusals) == 4
    assert set(refusals) <= {EmailLinkRefusal.EMAIL_OF_ANOTHER, RegistrationRefusal.EMAIL_TAKEN}
    assert addresses(installation).count(WANTED) == 1


def test_an_address_that_is_given_up_and_taken_at_once_is_not_taken(installation: Installation) -> None:
    """Whether the new account or the change comes first: the address before stays its account's."""
    identity = installation.services.identity
    (caller,) = people(installation, 1)
    token = email_link(installation, caller, WANTED)
    changed, created = at_once(
        partial(identity.email_confirmation.confirm, caller, token),
        partial(identity.registration.create, NewAccount(caller.account.email, "Thief", PASSWORD)),
    )
    assert isinstance(changed, EmailChanged)
    assert created == Denied(RegistrationRefusal.EMAIL_TAKEN)


def test_a_link_that_is_used_twice_at_once_works_once(installation: Installation) -> None:
    """A double click: one is answered with what was done, the other changes nothing."""
    identity = installation.services.identity
    (caller,) = people(installation, 1)
    token = email_link(installation, caller, WANTED)
    outcomes = at_once(*[partial(identity.email_confirmation.confirm, caller, token)] * 3)
    assert sum(isinstance(outcome, EmailChanged) for outcome in outcomes) == 1
    refused = {outcome.reason for outcome in outcomes if isinstance(outcome, Denied)}
    assert refused <= {LinkRefusal.LINK_GONE, SessionRefusal.TOKEN_SUPERSEDED}
    assert addresses(installation) == [WANTED]


def test_a_change_that_is_stopped_and_confirmed_at_once_is_stopped(installation: Installation) -> None:
    """The thief sends the old link once more, asks for another, and takes the address that comes free; the stop goes through."""
    identity = installation.services.identity
    (caller,) = people(installation, 1)
    old = caller.account.email
    changed = change_email(installation, caller, WANTED)
    thief = caller_with(installation.services, changed.renewed.session)
    stop = links_to(installation, old, LinkKind.EMAIL_STOP)[-1]
    used = links_to(installation, WANTED, LinkKind.EMAIL)[-1]
    first, second, confirmed, created, _asked = at_once(
        partial(identity.email_stop.stop, stop, CLIENT),
        partial(identity.email_stop.stop, stop, CLIENT),
        partial(identity.email_confirmation.confirm, thief, used),
        partial(identity.registration.create, NewAccount(old, "Thief", PASSWORD)),
        partial(identity.email_change.ask, thief, "third@example.net"),
    )
    assert sorted(isinstance(outcome, Stop) for outcome in (first, second)) == [False, True]
    assert GONE in (first, second)
    assert isinstance(confirmed, Denied)
    assert created == Denied(RegistrationRefusal.EMAIL_TAKEN)
    assert addresses(installation) == [old]
    assert identity.sessions.find(thief.token) is None
    assert links_to(installation, "third@example.net", LinkKind.EMAIL) == []
