"""Requests for a link by mail, and what is handed to whoever sends it."""

import pytest
from sqlalchemy import select

from tests.support.installation import CLIENT, Installation
from tests.use_cases.instrumentation import events
from tests.use_cases.use_case_browser import ANNA
from xpressbot.foundation.times import HOUR
from xpressbot.identity.accounts.rules.account import Account, AccountStatus
from xpressbot.identity.outcomes import Denied, Done
from xpressbot.identity.passwords.forgotten import MAILS_PER_ADDRESS, SENDING_TAKES_AT_MOST, PasswordMail
from xpressbot.identity.tables import LINK, PASSWORD_REQUEST
from xpressbot.identity.throttling.charges import ThrottleRefusal
from xpressbot.identity.throttling.rules import PASSWORD_REQUEST as POLICY
from xpressbot.identity.use_cases import Identity

pytestmark = pytest.mark.usefixtures("anna")


def waiting(installation: Installation) -> list[str]:
    with installation.services.database.read() as connection:
        return list(connection.execute(select(PASSWORD_REQUEST.c.email_key)).scalars())


def links(installation: Installation) -> int:
    with installation.services.database.read() as connection:
        return len(connection.execute(select(LINK)).all())


def next_mail(identity: Identity) -> PasswordMail:
    mail = identity.forgotten.next_mail()
    assert mail is not None
    return mail


def test_a_request_draws_no_token_and_its_mail_does(installation: Installation, anna: Account, identity: Identity) -> None:
    """No token lies in the database or a backup before a mail is sent; asking leaves no event, and asking twice is asking once."""
    before = events(installation, anna.id)
    for spelling in (ANNA, "Anna@Example.com"):
        assert identity.forgotten.ask(spelling, CLIENT) == Done()
    assert (waiting(installation), links(installation)) == ([ANNA], 0)
    mail = next_mail(identity)
    assert (mail.account_id, mail.email, links(installation)) == (anna.id, ANNA, 1)
    assert identity.password_reset.account_of(mail.token) == anna
    assert identity.forgotten.next_mail() is None
    identity.forgotten.delivered(mail)
    assert waiting(installation) == []
    assert identity.password_reset.account_of(mail.token) == anna
    assert events(installation, anna.id) == before


def test_an_address_that_gets_no_mail_is_forgotten(installation: Installation, identity: Identity) -> None:
    """Unknown, or disabled meanwhile."""
    identity.forgotten.ask("nobody@example.com", CLIENT)
    identity.forgotten.ask(ANNA, CLIENT)
    assert sorted(waiting(installation)) == [ANNA, "nobody@example.com"]
    identity.administration.set_status(ANNA, AccountStatus.DISABLED)
    assert identity.forgotten.next_mail() is None
    assert (waiting(installation), links(installation)) == ([], 0)


def test_a_mail_that_was_not_sent_is_made_anew_with_another_link(installation: Installation, identity: Identity) -> None:
    """Reported as failed, when its sender says; unreported, when the sender must be dead. Of a failed one no link is left."""
    identity.forgotten.ask(ANNA, CLIENT)
    failed = next_mail(identity)
    identity.forgotten.failed(failed, installation.clock.now() + HOUR)
    assert links(installation) == 0
    assert identity.forgotten.next_mail() is None
    installation.clock.advance(hours=1)
    lost = next_mail(identity)
    assert lost.token != failed.token
    installation.clock.set(installation.clock.now() + SENDING_TAKES_AT_MOST - 1)
    assert identity.forgotten.next_mail() is None
    installation.clock.advance(seconds=1)
    assert next_mail(identity).token != lost.token


def test_more_mails_than_an_hour_has_are_delayed_and_not_dropped(installation: Installation, identity: Identity) -> None:
    """A stranger who asks in Anna's name cannot keep her from asking; the links of before that still work stay good."""
    sent = []
    for _request in range(MAILS_PER_ADDRESS):
        identity.forgotten.ask(ANNA, CLIENT)
        sent.append(next_mail(identity))
        identity.forgotten.delivered(sent[-1])
        installation.clock.advance(minutes=10)
    assert identity.forgotten.ask(ANNA, CLIENT) == Done()
    assert identity.forgotten.next_mail() is None
    assert waiting(installation) == [ANNA]
    assert all(identity.password_reset.account_of(mail.token) for mail in sent)
    installation.clock.advance(minutes=30)
    assert next_mail(identity).email == ANNA


def test_a_network_asks_ten_times_an_hour(installation: Installation, identity: Identity) -> None:
    """Whatever addresses it asks for; what is refused leaves no row."""
    for number in range(POLICY.free):
        assert identity.forgotten.ask(f"nobody{number}@example.com", CLIENT) == Done()
    refused = identity.forgotten.ask(ANNA, CLIENT)
    assert isinstance(refused, Denied)
    assert refused.reason is ThrottleRefusal.ADDRESS_THROTTLED
    assert ANNA not in waiting(installation)
    installation.clock.advance(hours=1)
    assert identity.forgotten.ask(ANNA, CLIENT) == Done()
