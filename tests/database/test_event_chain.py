"""An account's security events form one chain, whichever processes write at once, and a tampered one shows."""

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from tests.support.event_chain import broken_at, events_of
from tests.support.installation import Installation
from tests.support.people import protected
from tests.support.races import Race, race_in_processes, race_in_threads
from tests.use_cases.use_case_browser import UseCaseBrowser
from xpressbot.foundation.database.transaction import Transactions, Writing
from xpressbot.foundation.entropy import SystemEntropy
from xpressbot.identity.accounts import store as account_store
from xpressbot.identity.audit.append import append_event
from xpressbot.identity.audit.rules.event import EventKind, NewEvent
from xpressbot.identity.tables import SECURITY_EVENT

EACH = 5


@pytest.mark.parametrize("locked", [True, False], ids=["account locked", "account only read"])
@pytest.mark.parametrize("race", [race_in_threads, race_in_processes], ids=["threads", "processes"])
def test_concurrent_appends_leave_no_gap_and_a_chain_that_verifies(installation: Installation, race: Race, locked: bool) -> None:
    """Six writers of five events each: numbers 1 to 31 once each, every hash over the one before, the head at the last."""
    account_id = installation.add_account().id
    now = installation.clock.now()

    def attempt(tx: Writing, number: int) -> bool:
        read = account_store.lock(tx, account_id) if locked else account_store.by_email(tx, "anna@example.com")
        assert read is not None  # a read first, as in every use case
        for turn in range(EACH):
            append_event(
                tx, SystemEntropy(), account_id, NewEvent(EventKind.SIGNED_IN, {"session": str(number), "aal": turn}), now + number
            )
        return True

    assert race(installation, 6, attempt) == [True] * 6
    events = events_of(installation.services, account_id)
    assert [event.seq for event in events] == list(range(1, 6 * EACH + 2))
    assert broken_at(installation.services, account_id) is None


def test_the_chain_of_a_whole_life_verifies(installation: Installation) -> None:
    """What the use cases write is chained too."""
    person = protected(installation.services)
    assert [event.kind for event in events_of(installation.services, person.account.id)] == [
        EventKind.ACCOUNT_CREATED,
        EventKind.SIGNED_IN,
        EventKind.ENROLMENT_STARTED,
        EventKind.TWO_FACTOR_ENABLED,
    ]
    assert broken_at(installation.services, person.account.id) is None


def test_an_event_about_one_authenticator_has_its_id_as_target(installation: Installation) -> None:
    """In the hash as well: for the first one confirmed, and for those added, renamed, moved to and removed; no other event has one."""
    account_id, anna = installation.add_account().id, UseCaseBrowser(installation)
    anna.sign_in().enable()
    first = anna.apps()[""]
    anna.add_app("Tablet")
    tablet = anna.apps()["Tablet"]
    anna.rename(first, "Phone")
    anna.enable(replaces=tablet)
    replacement = anna.apps()["Tablet"]
    anna.remove(replacement)
    events = events_of(installation.services, account_id)
    assert [(event.kind, event.target) for event in events if event.target is not None] == [
        (EventKind.TWO_FACTOR_ENABLED, first),
        (EventKind.AUTHENTICATOR_ADDED, tablet),
        (EventKind.AUTHENTICATOR_RENAMED, first),
        (EventKind.AUTHENTICATOR_MOVED, replacement),
        (EventKind.AUTHENTICATOR_REMOVED, replacement),
    ]
    assert broken_at(installation.services, account_id) is None
    seq = events[-1].seq
    with installation.services.database.write() as connection:
        connection.execute(update(SECURITY_EVENT).where(SECURITY_EVENT.c.seq == seq).values(target=tablet))
        connection.commit()
    assert broken_at(installation.services, account_id) == seq


@pytest.mark.parametrize(("column", "value"), [("at", 1), ("kind", "session.signed_out"), ("details", '{"address":"203.0.113.9"}')])
def test_an_altered_event_breaks_the_chain(installation: Installation, column: str, value: object) -> None:
    """Neither time, kind nor details of a recorded event can be changed unnoticed."""
    person = protected(installation.services)
    with installation.services.database.write() as connection:
        connection.execute(update(SECURITY_EVENT).where(SECURITY_EVENT.c.seq == 2).values({column: value}))
        connection.commit()

    assert broken_at(installation.services, person.account.id) == 2


def test_erased_details_leave_the_chain_whole(installation: Installation) -> None:
    """The hash covers a commitment to the details, so that they can be forgotten."""
    person = protected(installation.services)
    with installation.services.database.write() as connection:
        connection.execute(update(SECURITY_EVENT).where(SECURITY_EVENT.c.seq == 2).values(details=None, salt=None))
        connection.commit()

    assert broken_at(installation.services, person.account.id) is None


def test_a_transaction_that_is_not_committed_leaves_no_gap(installation: Installation) -> None:
    """The number of an event that was rolled back is given to the next."""
    account_id = installation.add_account().id
    for commit in (False, True):
        with Transactions(installation.services.database).writing() as tx:
            assert append_event(tx, SystemEntropy(), account_id, NewEvent(EventKind.SIGNED_IN, {}), 1) == 2
            if commit:
                tx.commit()
    assert [event.seq for event in events_of(installation.services, account_id)] == [1, 2]


def test_two_events_of_one_number_cannot_stand_side_by_side(installation: Installation) -> None:
    """The database itself refuses a fork in the chain."""
    account_id = installation.add_account().id
    with installation.services.database.write() as connection:
        row = connection.execute(select(SECURITY_EVENT).where(SECURITY_EVENT.c.subject == account_id)).mappings().one()
        with pytest.raises(IntegrityError):
            connection.execute(SECURITY_EVENT.insert().values(**{**row, "subject": account_id}))
