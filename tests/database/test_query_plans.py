"""Every statement of a sign-in, of a session and of the jobs finds its rows by an index, however many there are."""

import re

import pytest

from tests.support.installation import CLIENT, PASSWORD, Installation
from tests.support.many_accounts import EXPIRING, add_accounts, add_expired_rows
from tests.support.people import (
    Person,
    bound_long_ago,
    caller_with,
    completed,
    enrolling_again,
    must_enrol,
    not_me_link,
    pending,
    protected,
    prove,
    recovery_code,
    reset,
    session_by_password,
    signed_in,
)
from tests.support.query_plans import OF_CHAT, recorded, scans, tables_of
from tests.support.resets import Team, ask, make_team
from tests.support.teams import invited, joined, mailing, reminding, roster
from tests.use_cases.instrumentation import parts_of
from xpressbot.entrypoints.services import Services
from xpressbot.foundation.database.transaction import Transactions
from xpressbot.foundation.mail.claims import ClaimedMail
from xpressbot.foundation.mail.outbox import Priority
from xpressbot.foundation.tokens import Token
from xpressbot.identity.accounts.rules.account import Account
from xpressbot.identity.accounts.rules.roles import Role
from xpressbot.identity.audit.history import HistoryPage
from xpressbot.identity.audit.rules.event import EventGroup
from xpressbot.identity.audit.rules.history import HistoryFilter
from xpressbot.identity.factors.kind import ProofRefusal
from xpressbot.identity.factors.recovery_codes.use_cases import RecoveryCodes
from xpressbot.identity.factors.totp.kind import TotpCode
from xpressbot.identity.links import store as link_store
from xpressbot.identity.links.rules import LIFETIME, Link, LinkKind
from xpressbot.identity.outcomes import Denied, Done, NewPasswordRequired, SessionRenewed, SignedIn
from xpressbot.identity.passwords.forgotten import PASSWORD_MAIL, PasswordMail
from xpressbot.identity.passwords.this_wasnt_me import Report
from xpressbot.identity.profile.email_confirmation import EmailChanged
from xpressbot.identity.profile.email_stop import Stop
from xpressbot.identity.sessions.caller import Client
from xpressbot.identity.sessions.gate import Gate
from xpressbot.identity.sign_in.new_password_step import Subscriber
from xpressbot.identity.team.invitations import INVITATION_MAIL
from xpressbot.identity.team.record import RecordExport
from xpressbot.identity.team.reminders import Reminded
from xpressbot.identity.team.reset_requests import RESET_WAITS_MAIL
from xpressbot.identity.team.resets import MemberReset
from xpressbot.identity.team.rules.roster import MemberState, RosterFilter

OF_FEW_ROWS = frozenset({"uq_authenticator_enrolment", "ix_account_unconfirmed"})
"""The indexes on unfinished set-ups and on addresses that are to be confirmed only, of which there are few."""


def test_no_statement_reads_a_whole_table(installation: Installation) -> None:
    """Recorded while people sign in and a round of jobs is done, among thousands of rows, and explained by the engine."""
    add_accounts(installation, accounts=1500)
    add_expired_rows(installation, installation.add_account("berta@example.com").id)
    anna = protected(installation.services)
    bound_long_ago(installation.services)  # with a newer factor, "This wasn't me" would leave no password that works
    with recorded(installation) as statements:
        people_come_and_go(installation, anna)
        the_owner_looks(installation)
        another_owner_reads_the_record(installation)
        assert installation.services.mail.next_round()
        assert installation.services.mail.look()
        change_and_stop(installation)
        removed = installation.services.expiry.next_round()
        forget_unsaved_codes(installation)
    assert all(removed[kind] for kind in EXPIRING), removed

    # Chat's tables are empty here, and have a test of their own.
    statements = [(statement, given) for statement, given in statements if tables_of(statement).isdisjoint(OF_CHAT)]
    tables = {table for statement, _given in statements for table in tables_of(statement)}
    assert tables >= {
        "account",
        "session",
        "pending_sign_in",
        "known_browser",
        "throttle_bucket",
        "authenticator",
        "totp_authenticator",
        "recovery_code",
        "link",
        "reserved_address",
    }
    assert tables >= {"security_event", "chain_head", "lease", "notice", "outbox"}
    found = scans(installation, statements, OF_FEW_ROWS)
    assert not found, "\n\n".join(f"{table} is read whole by:\n{statement}" for table, statement in sorted(found))


def test_the_team_reads_all_accounts_only_to_count_them_and_to_find_whom_to_remind(installation: Installation) -> None:
    """Everything else of roster, invitations and reminders finds its rows by an index, however many members there are."""
    add_accounts(installation, accounts=1500)
    with recorded(installation) as statements:
        look_after_the_team(installation)
    # By the ids of a page PostgreSQL may read a table whole while it is small enough for that to be cheaper.
    found = {
        (table, statement) for table, statement in scans(installation, statements, OF_FEW_ROWS) if not re.search(r"%\(\w+_51\)s", statement)
    }
    assert {table for table, _statement in found} <= {"account", "invitation"}, "of invitations there are those of two days"
    of_accounts = {statement.partition(" \nFROM")[0].partition("(")[0] for table, statement in found if table == "account"}
    assert of_accounts == {"SELECT count", "SELECT account.id"}


def test_a_reset_reads_no_account_but_those_that_it_concerns(installation: Installation) -> None:
    """Asking, the pages, the mail to the others, the job and taking the request back, however many members there are."""
    add_accounts(installation, accounts=1500)
    team = make_team(installation.services)
    with recorded(installation) as statements:
        let_a_reset_wait(installation.services, team)
    found = scans(installation, statements, frozenset({"ix_account_must_enrol"}))
    assert "account" not in {table for table, _statement in found}, found


@pytest.mark.parametrize("statement", ["SELECT id FROM session WHERE user_agent = 'x'", "SELECT count(*) FROM session"])
def test_a_whole_table_read_would_be_noticed(installation: Installation, statement: str) -> None:
    """The test above can fail: for a condition without an index, and for a whole index read through."""
    add_accounts(installation, accounts=200)
    assert scans(installation, [(statement, ())]) == {("session", statement)}


def people_come_and_go(installation: Installation, anna: Person) -> None:
    """Sign-ins of all sorts, right and wrong, in new and known browsers; a session in use; step-up; signing out; a reset."""
    services, clock = installation.services, installation.clock
    identity = services.identity
    stranger = Client(address="203.0.113.9", user_agent="guess")
    for _try in range(6):
        assert isinstance(identity.password_step.begin("anna@example.com", "guess", "/", stranger), Denied)
    assert isinstance(identity.password_step.begin("nobody@example.com", "guess", "/", stranger), Denied)
    clock.advance(minutes=1)
    first = completed(services, pending(services), TotpCode(anna.phone.code()))
    known = Client(CLIENT.address, CLIENT.user_agent, first.session, first.device)
    waiting = pending(services, client=known)
    again = prove(identity, waiting, TotpCode(anna.phone.code()), known)
    assert isinstance(again, Denied)
    assert again.reason is ProofRefusal.CODE_ALREADY_USED
    second = completed(services, waiting, recovery_code(anna.codes[0]), client=known)
    clock.advance(minutes=2)
    caller = caller_with(services, second.session)
    assert identity.account_page.dashboard(caller)
    assert identity.account_page.settings(caller)
    assert identity.history.page(caller.account.id, HistoryFilter(EventGroup.SIGN_IN, 0, caller.session.expires_at), before=9).events
    assert identity.account_page.other_sessions(caller)
    outcome = identity.step_up.confirm(caller, PASSWORD, TotpCode(anna.phone.code()))
    assert isinstance(outcome, SessionRenewed)
    identity.sessions.sign_out(caller_with(services, outcome.session))
    identity.forgotten.ask("anna@example.com", stranger)
    asked = ClaimedMail("1" * 32, PASSWORD_MAIL, Priority.LOW, None, {"email_key": "anna@example.com"}, None, 1)
    mail = identity.forgotten.find(asked)
    assert isinstance(mail, PasswordMail)
    with Transactions(services.database).writing() as tx:
        identity.forgotten.store_link(tx, mail, clock.now())
        identity.forgotten.remove_link(tx, mail)
        identity.forgotten.store_link(tx, mail, clock.now())
        tx.commit()
    assert identity.password_reset.set(mail.token, "copper-lantern-willow-harbour", stranger) == Done()
    assert isinstance(identity.this_wasnt_me.report(not_me_link(services), stranger), Report)
    link = reset(services)
    enrollee, phone = enrolling_again(services, must_enrol(services, password="copper-lantern-willow-harbour"), link)
    required = identity.re_enrolment.confirm(enrollee, TotpCode(phone.code()))
    assert isinstance(required, NewPasswordRequired)
    subscriber = identity.new_password_step.subscriber(required.pending, stranger)
    assert isinstance(subscriber, Subscriber)
    assert isinstance(identity.new_password_step.set(subscriber, PASSWORD), SignedIn)


def the_owner_looks(installation: Installation) -> None:
    """At the dashboard, which counts what is to be confirmed of all accounts."""
    services = installation.services
    owner = caller_with(services, session_by_password(services, "berta@example.com").session)
    dashboard = services.identity.account_page.dashboard(owner)
    assert (dashboard.owner, dashboard.unconfirmed_addresses) == (True, 0)
    assert services.identity.first_steps.left(owner)


def another_owner_reads_the_record(installation: Installation) -> None:
    """By member and day, and as a file."""
    services = installation.services
    owner, record = protected(services, "olga@example.com", role=Role.OWNER).caller, services.identity.team_record
    for member in (owner.account.id, owner.account.email):
        assert isinstance(record.find(owner, member), Account)
    found = record.page(owner, HistoryFilter(None, 0, owner.session.expires_at, owner.account.id), before=99)
    assert isinstance(found, HistoryPage)
    assert found.people
    assert services.identity.first_steps.left(owner)
    export = record.export(owner)
    assert isinstance(export, RecordExport)
    assert record.events(export, 0)
    assert services.identity.first_steps.hide(owner) == Done()


def look_after_the_team(installation: Installation) -> None:
    """Pages of the roster, invitations that are mailed, replaced, taken back and accepted, and reminders."""
    services = installation.services
    owner, invitations = protected(services, "owner@example.com").caller, mailing(installation)
    for asked, after in ((RosterFilter(), ""), (RosterFilter(), "person5@example.com"), (RosterFilter(state=MemberState.INVITED), "5")):
        assert roster(services, owner, asked, after)
    first = invited(invitations, owner)
    second = invited(invitations, owner, replaces=first.invitation.id)
    mail = ClaimedMail("1" * 32, INVITATION_MAIL, Priority.NORMAL, None, {"invitation": second.invitation.id, "language": "en"}, None, 1)
    told = services.identity.invitation_mails.find(mail)
    assert told is not None
    with Transactions(services.database).writing() as tx:
        assert services.identity.invitation_mails.store_link(tx, told, installation.clock.now())
        services.identity.invitation_mails.remove_link(tx, told)
        tx.commit()
    assert services.identity.invitations.find(owner, second.invitation.id)
    assert services.identity.invitations.to_address(owner, "carl@example.com") is None
    joined(services, second.token)
    assert services.identity.invitations.revoke(owner, invited(invitations, owner, "carl@example.com").invitation.id) == Done()
    assert isinstance(reminding(installation).remind(owner), Reminded)


def let_a_reset_wait(services: Services, team: Team) -> None:
    """It is asked for, looked at by another admin, who is told by mail, and taken back."""
    identity, asked = services.identity, ask(services, team.bo.caller, team.dagny)
    assert isinstance(identity.resets.of_member(team.cai.caller, team.dagny.account.id), MemberReset)
    mail = ClaimedMail("1" * 32, RESET_WAITS_MAIL, Priority.NORMAL, team.cai.account.id, {"request": asked.request.id}, None, 1)
    assert identity.reset_mails.waits(mail) is not None
    identity.reset_decisions.carry_out_due()
    assert identity.reset_requests.withdraw(team.cai.caller, team.dagny.account.id, asked.request.id) == Done()


def change_and_stop(installation: Installation) -> None:
    """Another address by a link, which the one before stops by another. Their mails stay where they are, among those of others."""
    services, old, new = installation.services, "ben@example.com", "ben@example.net"
    caller = signed_in(services, old)
    account = caller.account
    assert services.identity.email_change.ask(caller, new) == Done()
    link = added_link(installation, Link(LinkKind.EMAIL, account.id, new, account.security_version))
    assert isinstance(services.identity.email_confirmation.confirm(caller, link), EmailChanged)
    stop = added_link(installation, Link(LinkKind.EMAIL_STOP, account.id, old))
    assert isinstance(services.identity.email_stop.stop(stop, CLIENT), Stop)


def added_link(installation: Installation, link: Link) -> Token:
    """The token of a link, as it is made for a mail."""
    token, now = parts_of(installation).system.new_token(), installation.clock.now()
    with parts_of(installation).transactions.writing() as tx:
        link_store.add(tx, link, token.digest, now, now + LIFETIME[link.kind])
        tx.commit()
    return token


def forget_unsaved_codes(installation: Installation) -> None:
    """As an installation does where codes may be shown once only."""
    parts = parts_of(installation)
    installation.clock.advance(minutes=31)
    RecoveryCodes(
        parts.transactions,
        Gate(parts.transactions, parts.system, parts.kinds.methods),
        parts.system,
        parts.encryption,
        parts.digest,
        viewable=False,
    ).forget_unsaved()
