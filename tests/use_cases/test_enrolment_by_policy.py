"""Signing in while the team requires 2FA: there is no session before it, and with mail the password is not enough to set it up."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

import pytest

from tests.http.raw_requests import contents, rows
from tests.support.databases import fresh_database
from tests.support.installation import CLIENT, PASSWORD, Installation, install
from tests.support.mail_server import Received, free_port, mail_server
from tests.support.mails import links
from tests.support.people import app_of, invitation, protected, refused, session_by_password
from tests.support.policies import exempt_until, require_two_factor
from tests.use_cases.instrumentation import after_transaction
from xpressbot.foundation.mail.outbox import OUTBOX
from xpressbot.foundation.times import DAY, HOUR, MINUTE
from xpressbot.foundation.tokens import Token
from xpressbot.identity.accounts.rules.account import AccountStatus
from xpressbot.identity.accounts.rules.roles import Role
from xpressbot.identity.audit.rules.event import TEAM, EventKind
from xpressbot.identity.factors.enrolment_steps import OpenEnrolment
from xpressbot.identity.factors.totp.kind import Totp, TotpCode
from xpressbot.identity.links.rules import LinkKind
from xpressbot.identity.outcomes import Denied, Done, EnrolmentRequired, SignedIn
from xpressbot.identity.registration.new_accounts import NewAccount
from xpressbot.identity.sessions.rules.session import Session
from xpressbot.identity.sign_in.enrolment_mails import ENROLMENT_MAIL, MAILS_PER_ACCOUNT
from xpressbot.identity.sign_in.re_enrolment import Enrollee
from xpressbot.identity.sign_in.refusals import ReEnrolmentRefusal
from xpressbot.identity.sign_in.rules.pending import NextStep, next_step
from xpressbot.identity.tables import ACCOUNT, RESERVED_ADDRESS

ANNA, BERTA = "anna@example.com", "berta@example.com"


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def mailing(tmp_path: Path, database_url: str, port: int) -> Iterator[Installation]:
    """An owner with 2FA and a member without, where mail works and 2FA is required."""
    url = f"smtp://localhost:{port}?starttls=no"
    installation = install(tmp_path, database_url, smtp_url=url, mail_from="bot@example.com")
    _team(installation)
    yield installation
    installation.close()


@pytest.fixture
def mailless(installation: Installation) -> Installation:
    """The same without a mail server."""
    _team(installation)
    return installation


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return fresh_database(request, request.param, tmp_path)


def _team(installation: Installation) -> None:
    protected(installation.services, ANNA)
    installation.add_account(BERTA, "Berta Sommer")
    require_two_factor(installation)


def password_of(installation: Installation, email: str = BERTA) -> Token:
    """The token of a sign-in that has to set up 2FA because the team requires it."""
    outcome = installation.services.identity.password_step.begin(email, PASSWORD, "/", CLIENT)
    assert isinstance(outcome, EnrolmentRequired), outcome
    assert outcome.by_policy
    return outcome.pending


def mailed(installation: Installation, port: int) -> tuple[list[Token], Received]:
    """The links that the mail server gets, of what is due."""
    with mail_server(port) as received:
        while installation.services.mail.next_round():
            pass
    return links(received.mails, LinkKind.ENROLMENT, str(installation.services.settings.public_url)), received


def enrollee(installation: Installation, pending: Token, link: Token | None) -> Enrollee:
    found = installation.services.identity.re_enrolment.enrollee(pending, link, CLIENT)
    assert isinstance(found, Enrollee), found
    return found


def set_up(installation: Installation, who: Enrollee) -> object:
    """Begin, scan, and enter the first code."""
    identity = installation.services.identity.re_enrolment
    begun = identity.start(who, Totp.name)
    if begun != Done():
        return begun
    enrolment = identity.view(who)
    assert isinstance(enrolment, OpenEnrolment), enrolment
    return identity.confirm(who, TotpCode(app_of(enrolment, who.pending.email, installation.clock).code()))


def test_the_one_function_says_so() -> None:
    """Of those who owe it, and only once nothing else comes before."""
    only_password = frozenset({"pwd"})
    owed: Literal[NextStep.ENROL_WITH_LINK] = NextStep.ENROL_WITH_LINK
    free = {"must_enrol": False, "replaces_password": False}
    assert next_step(only_password, protected=False, owes=owed, **free) is owed
    assert next_step(only_password, protected=True, owes=owed, **free) is NextStep.SECOND_FACTOR
    assert next_step(only_password | {"otp"}, protected=True, owes=owed, **free) is NextStep.SESSION
    assert next_step(only_password, protected=False, must_enrol=True, replaces_password=False, owes=owed) is NextStep.MUST_ENROL
    assert next_step(only_password, protected=False, must_enrol=False, replaces_password=True, owes=owed) is NextStep.SECOND_FACTOR


def test_the_password_alone_sets_nothing_up_where_mail_works(mailing: Installation, port: int) -> None:
    """The thief who knows it gets no session and no secret; the member's mailbox has the link, which goes to nobody else."""
    thief = password_of(mailing)
    assert refused(set_up(mailing, enrollee(mailing, thief, None))).reason is ReEnrolmentRefusal.MUST_ENROL
    assert [row for row in rows(mailing, "session") if row["amr"] == "pwd"] == []
    assert [row["state"] for row in rows(mailing, "authenticator")] == ["active"]  # the owner's
    (link,), received = mailed(mailing, port)
    assert [mail["To"] for mail in received.mails if link.text in mail.get_content()] == [BERTA]
    assert refused(set_up(mailing, enrollee(mailing, thief, Token(bytes(32))))).reason is ReEnrolmentRefusal.MUST_ENROL


def test_password_and_mailed_link_set_it_up_and_begin_the_session(mailing: Installation, port: int) -> None:
    """The token is drawn when the mail is sent, and used up by it; the address is confirmed by it."""
    pending = password_of(mailing)
    assert rows(mailing, "link") == []
    (link,), received = mailed(mailing, port)
    assert any("Your team requires 2FA." in mail.get_content() for mail in received.mails)
    outcome = set_up(mailing, enrollee(mailing, pending, link))
    assert isinstance(outcome, SignedIn), outcome
    found = mailing.services.identity.sessions.find(outcome.session)
    assert isinstance(found, tuple)
    assert isinstance(found[0], Session)
    assert sorted(found[0].amr) == ["otp", "pwd"]
    assert refused(mailing.services.identity.password_step.begin(BERTA, "wrong", "/", CLIENT))
    (used,) = [row for row in rows(mailing, "link") if row["kind"] == LinkKind.ENROLMENT]
    assert used["consumed_at"] == mailing.clock.now()
    assert EventKind.MEMBER_ENROLLED_BY_PASSWORD not in {row["kind"] for row in rows(mailing, "security_event")}


def test_the_link_is_worth_nothing_without_the_password(mailing: Installation, port: int) -> None:
    """Nor with that of another member."""
    password_of(mailing)
    (link,), _received = mailed(mailing, port)
    identity = mailing.services.identity
    assert isinstance(identity.re_enrolment.enrollee(None, link, CLIENT), Denied)
    mailing.add_account("carl@example.com", "Carl")
    other = enrollee(mailing, password_of(mailing, "carl@example.com"), link)
    assert identity.re_enrolment.may_start(other) == Denied(ReEnrolmentRefusal.LINK_OF_ANOTHER)
    assert refused(set_up(mailing, other)).reason is ReEnrolmentRefusal.LINK_OF_ANOTHER


def test_a_link_works_for_an_hour_and_not_after_a_change_of_the_account(mailing: Installation, port: int) -> None:
    """A later sign-in may use it; once 2FA is on, none does."""
    password_of(mailing)
    (first,), _received = mailed(mailing, port)
    mailing.clock.advance(minutes=50)
    assert mailing.services.identity.re_enrolment.may_start(enrollee(mailing, password_of(mailing), first)) == Done()
    mailing.clock.advance(minutes=11)
    again = enrollee(mailing, password_of(mailing), first)
    assert mailing.services.identity.re_enrolment.may_start(again) == Denied(ReEnrolmentRefusal.MUST_ENROL)


def test_a_thief_cannot_fill_the_mailbox(mailing: Installation, port: int) -> None:
    """MAILS_PER_ACCOUNT mails an hour, and their links stay open."""
    received = []
    for _sign_in in range(MAILS_PER_ACCOUNT + 2):
        password_of(mailing)
        received += mailed(mailing, port)[0]
    assert len(received) == MAILS_PER_ACCOUNT
    pending = password_of(mailing)
    assert all(mailing.services.identity.re_enrolment.may_start(enrollee(mailing, pending, link)) == Done() for link in received)
    mailing.clock.advance(minutes=61)
    assert len(mailed(mailing, port)[0]) == 1


def test_an_address_that_is_not_confirmed_gets_the_link_and_is_confirmed_by_it(mailing: Installation, port: int) -> None:
    """The password must not be enough, and without it the link is worth nothing to a stranger."""
    assert not isinstance(mailing.services.identity.registration.create(NewAccount("carl@example.com", "Carl", PASSWORD)), Denied)
    pending = password_of(mailing, "carl@example.com")
    (link,), received = mailed(mailing, port)
    assert received.recipients[-1] == "carl@example.com"
    assert isinstance(set_up(mailing, enrollee(mailing, pending, link)), SignedIn)
    (confirmed,) = [row["email_confirmed_at"] for row in rows(mailing, "account") if row["email"] == "carl@example.com"]
    assert confirmed == mailing.clock.now()


def test_the_link_goes_to_the_address_before_while_that_can_stop_the_change(mailing: Installation, port: int) -> None:
    """Whoever changed the address with a stolen session must not get the link by that."""
    with mailing.services.database.write() as connection:
        berta = next(row for row in rows(mailing, "account") if row["email"] == BERTA)
        until = mailing.clock.now() + DAY
        reserved = {"email_key": BERTA, "account_id": berta["id"], "email": BERTA, "reserved_until": until}
        connection.execute(RESERVED_ADDRESS.insert().values(reserved))
        connection.execute(
            ACCOUNT.update().where(ACCOUNT.c.id == berta["id"]).values(email="thief@example.net", email_key="thief@example.net")
        )
        connection.commit()
    password_of(mailing, "thief@example.net")
    _links, received = mailed(mailing, port)
    assert [mail["To"] for mail in received.mails if "set up 2FA" in str(mail["Subject"])] == [BERTA]


def test_a_mail_for_which_there_is_no_need_any_more_is_not_sent(mailing: Installation, port: int) -> None:
    """An owner has exempted the member meanwhile."""
    password_of(mailing)
    exempt_until(mailing, BERTA, mailing.clock.now() + HOUR)
    assert mailed(mailing, port)[0] == []
    assert isinstance(session_by_password(mailing.services, BERTA), SignedIn)


def exempt(installation: Installation) -> None:
    exempt_until(installation, BERTA, installation.clock.now() + HOUR)


def suspend(installation: Installation) -> None:
    installation.services.identity.administration.set_status(BERTA, AccountStatus.DISABLED)


def change_address(installation: Installation) -> None:
    with installation.services.database.write() as connection:
        new = {"email": "thief@example.net", "email_key": "thief@example.net"}
        connection.execute(ACCOUNT.update().where(ACCOUNT.c.email == BERTA).values(new))
        connection.commit()


@pytest.mark.parametrize("change", [exempt, suspend, change_address])
def test_a_member_who_changes_between_words_and_link_gets_none(
    mailing: Installation, port: int, change: Callable[[Installation], None]
) -> None:
    """They are looked at again under their lock, after the transactions that look for a mail, claim it, and read the account."""
    password_of(mailing)
    with mailing.services.database.write() as connection:
        connection.execute(OUTBOX.delete().where(OUTBOX.c.kind != ENROLMENT_MAIL))  # the link's mail is the next one
        connection.commit()
    with after_transaction(mailing, 3, lambda: change(mailing)):
        assert mailed(mailing, port)[0] == []
    assert rows(mailing, "link") == []
    assert [row["state"] for row in rows(mailing, "outbox") if row["kind"] == ENROLMENT_MAIL] == ["void"]


def test_the_link_of_a_mail_that_did_not_leave_is_removed(mailing: Installation, port: int) -> None:
    """Nobody has it; the next mail has another."""
    password_of(mailing)
    with mail_server(port, received=Received(replies={BERTA: "550 no such user"})):
        while mailing.services.mail.next_round():
            pass
    assert [row for row in rows(mailing, "link") if row["kind"] == LinkKind.ENROLMENT] == []
    pending = password_of(mailing)
    (link,), _received = mailed(mailing, port)
    assert mailing.services.identity.re_enrolment.may_start(enrollee(mailing, pending, link)) == Done()


def test_without_mail_the_password_is_enough_and_all_owners_are_told(mailless: Installation) -> None:
    """In the team's record and on each owner's dashboard, with the member's address."""
    who = enrollee(mailless, password_of(mailless), None)
    assert who.pending.next_step is NextStep.ENROL_BY_PASSWORD
    assert isinstance(set_up(mailless, who), SignedIn)
    by_subject = {(row["subject"], row["kind"]) for row in rows(mailless, "security_event")}
    anna, berta = (next(row["id"] for row in rows(mailless, "account") if row["email"] == email) for email in (ANNA, BERTA))
    assert (TEAM, EventKind.TEAM_ENROLLED_BY_PASSWORD) in by_subject
    assert (anna, EventKind.MEMBER_ENROLLED_BY_PASSWORD) in by_subject
    assert (berta, EventKind.MEMBER_ENROLLED_BY_PASSWORD) not in by_subject
    assert EventKind.MEMBER_ENROLLED_BY_PASSWORD in {row["kind"] for row in rows(mailless, "notice") if row["account_id"] == anna}


def test_what_owners_are_told_names_no_network_and_browser_of_the_member(mailless: Installation) -> None:
    """Those stand in the member's own record, which the member alone opens."""
    assert isinstance(set_up(mailless, enrollee(mailless, password_of(mailless), None)), SignedIn)
    details = {row["kind"]: json.loads(row["details"]) for row in rows(mailless, "security_event")}
    for kind in (EventKind.MEMBER_ENROLLED_BY_PASSWORD, EventKind.TEAM_ENROLLED_BY_PASSWORD):
        assert details[kind] == {"email": BERTA}
    own = details[EventKind.TWO_FACTOR_ENABLED]
    assert (own["address"], own["user_agent"]) == (CLIENT.address, CLIENT.user_agent)


def test_an_owner_who_sets_it_up_by_password_is_not_told_of_it_as_the_others_are(mailless: Installation) -> None:
    """It stands in their own record as what they did themselves."""
    with mailless.services.database.write() as connection:
        connection.execute(ACCOUNT.update().values(role=Role.OWNER.value))
        connection.commit()
    assert isinstance(set_up(mailless, enrollee(mailless, password_of(mailless), None)), SignedIn)
    anna, berta = (next(row["id"] for row in rows(mailless, "account") if row["email"] == email) for email in (ANNA, BERTA))
    told = [row["subject"] for row in rows(mailless, "security_event") if row["kind"] == EventKind.MEMBER_ENROLLED_BY_PASSWORD]
    assert told == [anna]
    assert EventKind.TWO_FACTOR_ENABLED in {row["kind"] for row in rows(mailless, "security_event") if row["subject"] == berta}


def test_no_session_comes_before_it(mailless: Installation) -> None:
    """A sign-in that stops there leaves none, and the person is told that somebody knew the password."""
    before = contents(mailless)["session"]
    password_of(mailless)
    assert contents(mailless)["session"] == before
    assert EventKind.REQUIRED_ENROLMENT_AWAITED in {row["kind"] for row in rows(mailless, "security_event")}


def test_an_invitation_is_proof_enough_and_begins_no_session_before_it(mailless: Installation) -> None:
    """The link was just used: no mail is asked for, and no owner is told."""
    services = mailless.services
    outcome = services.identity.joining.accept(invitation(services, "dora@example.com"), "Dora", PASSWORD, CLIENT)
    assert isinstance(outcome, EnrolmentRequired)
    assert outcome.by_policy
    assert not [row for row in rows(mailless, "session") if row["amr"] == "pwd"]
    who = enrollee(mailless, outcome.pending, None)
    assert who.pending.next_step is NextStep.ENROL_INVITED
    assert isinstance(set_up(mailless, who), SignedIn)
    assert EventKind.MEMBER_ENROLLED_BY_PASSWORD not in {row["kind"] for row in rows(mailless, "security_event")}


def test_what_is_not_owed_asks_nothing(mailless: Installation) -> None:
    """The exempt sign in as before."""
    exempt_until(mailless, BERTA, mailless.clock.now() + 10 * MINUTE)
    assert isinstance(session_by_password(mailless.services, BERTA), SignedIn)
