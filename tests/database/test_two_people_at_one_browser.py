"""A sign-in that ends the session of another account in the same browser: both accounts are locked, in one order, on both engines."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import OperationalError

from tests.database.test_sessions_at_once import at_once
from tests.support.installation import CLIENT, PASSWORD, Installation
from tests.support.optional import present
from tests.support.people import caller_with, invitation, protected, session_by_password
from tests.support.teams import invited
from tests.use_cases.instrumentation import before_statement, events
from xpressbot.identity.accounts.rules.roles import Role
from xpressbot.identity.audit.rules.event import EventKind
from xpressbot.identity.outcomes import Done, SignedIn
from xpressbot.identity.sessions.caller import Client
from xpressbot.identity.tables import ACCOUNT

ANNA, BERTA = "anna@example.com", "berta@example.com"
CROSSINGS = 12


@dataclass
class SharedBrowser:
    """A browser with the session of one account, in which another account has signed in before, too."""

    installation: Installation
    client: Client

    def sign_in(self, email: str) -> SignedIn:
        outcome = session_by_password(self.installation.services, email, client=self.client)
        self.client = replace(self.client, session=outcome.session, device=outcome.device)
        return outcome


@pytest.fixture
def ids(installation: Installation) -> dict[str, str]:
    """Two accounts; which of their ids is the lower one, chance has decided."""
    return {email: installation.add_account(email).id for email in (ANNA, BERTA)}


def browser_of(installation: Installation, *emails: str) -> SharedBrowser:
    browser = SharedBrowser(installation, CLIENT)
    for email in emails:
        browser.sign_in(email)
    return browser


def signed_out(installation: Installation, account_id: str) -> set[object]:
    """The sessions of which the account's history says that they ended so."""
    return {event.details["session"] for event in events(installation, account_id) if event.kind is EventKind.SIGNED_OUT}


@contextmanager
def locked_accounts(installation: Installation, moment: str = "DELETE FROM session") -> Iterator[set[str]]:
    """Which accounts no other transaction could lock, before a statement; by default that which ends the session of the browser."""
    locked: set[str] = set()
    database = installation.services.database

    def look() -> None:
        with database.read() as connection:
            ids = connection.execute(select(ACCOUNT.c.id)).scalars().all()
        for account_id in ids:
            try:
                with database.write() as connection:
                    connection.execute(select(ACCOUNT).where(ACCOUNT.c.id == account_id).with_for_update(nowait=True))
            except OperationalError:
                locked.add(account_id)

    with before_statement(installation, moment, look):
        yield locked


def test_two_browsers_that_swap_their_people_at_once_both_go_on(installation: Installation, ids: dict[str, str]) -> None:
    """No deadlock, also with what the two people do elsewhere meanwhile; each end stands in the history of the account it ended for."""
    services = installation.services
    annas, bertas = browser_of(installation, BERTA, ANNA), browser_of(installation, ANNA, BERTA)
    elsewhere = [caller_with(services, session_by_password(services, email).session) for email in (ANNA, BERTA)]
    ended = {email: signed_out(installation, account_id) for email, account_id in ids.items()}
    people = [ANNA, BERTA]
    for crossing in range(CROSSINGS):
        for email, browser in zip(people, (annas, bertas), strict=True):
            ended[email].add(caller_with(services, present(browser.client.session)).session.id)
        people.reverse()
        first, second, *renamed = at_once(
            partial(annas.sign_in, people[0]),
            partial(bertas.sign_in, people[1]),
            *(partial(services.identity.name_change.change, caller, f"Name {crossing}") for caller in elsewhere),
        )
        assert isinstance(first, SignedIn)
        assert isinstance(second, SignedIn)
        assert renamed == [Done(), Done()]
        installation.clock.advance(seconds=10)
    for email, account_id in ids.items():
        assert signed_out(installation, account_id) == ended[email]


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_both_accounts_are_locked_before_the_session_ends(installation: Installation, ids: dict[str, str]) -> None:
    """With the single writer of SQLite nobody else writes at all."""
    browser = browser_of(installation, ANNA)
    with locked_accounts(installation) as locked:
        browser.sign_in(BERTA)
    assert locked == set(ids.values())


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_new_account_begins_its_session_under_both_locks_too(installation: Installation, ids: dict[str, str]) -> None:
    """The person who accepts an invitation in the browser of another. The row of the new account, nobody else sees yet."""
    browser, token = browser_of(installation, ANNA), invitation(installation.services, "carla@example.com")
    with locked_accounts(installation) as locked:
        outcome = installation.services.identity.joining.accept(token, "Carla", PASSWORD, browser.client)
    assert isinstance(outcome, SignedIn)
    assert locked == {ids[ANNA]}
    assert [event.kind for event in events(installation, ids[ANNA])][-1] is EventKind.SIGNED_OUT


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_who_invited_and_whose_session_the_browser_holds_are_locked_at_once(installation: Installation, ids: dict[str, str]) -> None:
    """Also where that session opens nothing any more: locked later, and so out of order, its account could be waited for in a circle."""
    inviter = protected(installation.services, "owner@example.com", role=Role.OWNER)
    browser = browser_of(installation, ANNA)
    given = invited(installation.services.identity.invitations, inviter.caller, "carla@example.com")
    with installation.services.database.write() as connection:
        newer = update(ACCOUNT).where(ACCOUNT.c.id == ids[ANNA]).values(security_version=ACCOUNT.c.security_version + 1)
        connection.execute(newer)
        connection.commit()
    with locked_accounts(installation, "INSERT INTO account") as locked:
        outcome = installation.services.identity.joining.accept(given.token, "Carla", PASSWORD, browser.client)
    assert isinstance(outcome, SignedIn)
    assert locked == {ids[ANNA], inviter.account.id}
