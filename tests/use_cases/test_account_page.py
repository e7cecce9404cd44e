"""What a person is told of their own account, and the record behind it."""

from collections.abc import Callable, Sequence

import pytest
from sqlalchemy import update

from tests.support.installation import CLIENT, PASSWORD, Installation
from tests.support.mailed_links import change_email, email_link, links_to
from tests.support.people import not_me_link, reset
from tests.support.team_life import lead_a_team
from tests.use_cases.instrumentation import events, kinds
from tests.use_cases.use_case_browser import ANNA, UseCaseBrowser, canonical
from xpressbot.foundation.tokens import Token
from xpressbot.identity.accounts.rules.account import Account, AccountStatus
from xpressbot.identity.administration.accounts import ClockReset
from xpressbot.identity.audit.rules.event import TEAM, EventKind
from xpressbot.identity.audit.rules.notice import Shown
from xpressbot.identity.factors.recovery_codes.rules import SavedCode
from xpressbot.identity.factors.totp.kind import TotpCode
from xpressbot.identity.links.rules import LinkKind
from xpressbot.identity.outcomes import Done, EnrolmentRequired, NewPasswordRequired, SessionRenewed, SignedIn
from xpressbot.identity.overview import account_page
from xpressbot.identity.passwords.change import PasswordChanged
from xpressbot.identity.passwords.this_wasnt_me import Report
from xpressbot.identity.profile.email_confirmation import EmailConfirmed
from xpressbot.identity.profile.email_stop import Stop
from xpressbot.identity.profile.export import AccountData
from xpressbot.identity.sessions.listing import SessionsEnded
from xpressbot.identity.tables import ACCOUNT


def notices(visitor: UseCaseBrowser) -> list[EventKind | None]:
    return [notice.kind for notice in visitor.identity.account_page.dashboard(visitor.me).notices]


def shown(visitor: UseCaseBrowser) -> list[Shown]:
    """What the dashboard names when "Got it" is pressed on it."""
    return [notice.as_shown for notice in visitor.identity.account_page.dashboard(visitor.me).notices]


def acknowledge(visitor: UseCaseBrowser, what: list[Shown] | None = None) -> None:
    visitor.identity.account_page.acknowledge(visitor.me, shown(visitor) if what is None else what)


def test_one_is_not_told_what_one_has_just_done(visitor: UseCaseBrowser, new_visitor: Callable[..., UseCaseBrowser]) -> None:
    """Enabling 2FA is a notice in every other session, newest first, and none in the one that did it."""
    app = visitor.sign_in().enable()
    visitor.keep_codes()
    visitor.reveal()
    assert notices(visitor) == []
    other = new_visitor().sign_in(TotpCode(app.next_code()))
    assert notices(other) == [EventKind.BACKUPS_REVEALED, EventKind.TWO_FACTOR_ENABLED]


def test_a_sign_in_with_a_recovery_code_is_told_to_everybody(visitor: UseCaseBrowser, new_visitor: Callable[..., UseCaseBrowser]) -> None:
    """Also to the one who did it."""
    visitor.sign_in().enable()
    other = new_visitor().sign_in(canonical(visitor.codes()[0]))
    assert EventKind.SIGNED_IN_WITH_BACKUP in notices(other)
    assert notices(visitor) == [EventKind.SIGNED_IN_WITH_BACKUP]


def test_wrong_codes_after_a_right_password_are_told(visitor: UseCaseBrowser, new_visitor: Callable[..., UseCaseBrowser]) -> None:
    """An attacker knows the password: time, address and browser are told at the next sign-in (ASVS 6.3.5)."""
    visitor.sign_in().enable()
    thief = new_visitor(address="203.0.113.9", user_agent="curl/8")
    thief.begin()
    for _ in range(3):
        thief.code("000000")
    told = visitor.identity.account_page.dashboard(visitor.me).notices
    assert [(notice.kind, notice.count, notice.several_places) for notice in told] == [(EventKind.SECOND_FACTOR_REFUSED, 3, False)]
    last = told[0].last
    assert (last.details["address"], last.details["user_agent"], last.at) == ("203.0.113.9", "curl/8", visitor.clock.now())


def test_acknowledged_notices_are_told_no_more(installation: Installation, anna: Account, visitor: UseCaseBrowser) -> None:
    """In no session; what happens later is told again; acknowledging is an event and no notice."""
    installation.services.identity.administration.set_status(ANNA, AccountStatus.DISABLED)
    installation.services.identity.administration.set_status(ANNA, AccountStatus.ACTIVE)
    visitor.sign_in()
    assert notices(visitor) == [EventKind.ACCOUNT_ENABLED, EventKind.ACCOUNT_DISABLED]
    acknowledge(visitor)
    assert notices(visitor) == []
    assert events(installation, anna.id)[-1].details["notices"] == 2
    visitor.enable()
    assert notices(UseCaseBrowser(installation).sign_in(canonical(visitor.codes()[0])))[-1] is EventKind.TWO_FACTOR_ENABLED


def test_a_notice_that_came_while_reading_is_not_acknowledged(installation: Installation, anna: Account, visitor: UseCaseBrowser) -> None:
    """Only what the page named: neither a later one, nor one that an older page could not show."""
    installation.services.identity.administration.set_status(ANNA, AccountStatus.DISABLED)
    installation.services.identity.administration.set_status(ANNA, AccountStatus.ACTIVE)
    visitor.sign_in().enable()
    first, *_rest = page = shown(visitor)
    thief = UseCaseBrowser(installation)
    thief.begin()
    thief.code("000000")
    acknowledge(visitor, page[1:])
    assert first.first_seq in {one.first_seq for one in shown(visitor)}
    acknowledge(visitor, page)
    assert notices(visitor) == [EventKind.SECOND_FACTOR_REFUSED]


def test_what_was_added_to_a_notice_after_it_was_shown_keeps_it_unseen(
    installation: Installation, anna: Account, visitor: UseCaseBrowser
) -> None:
    """The page showed one wrong code, and there are two by now."""
    visitor.sign_in().enable()
    thief = UseCaseBrowser(installation, address="203.0.113.9")
    thief.begin()
    thief.code("000000")
    page = shown(visitor)
    thief.code("000001")
    acknowledge(visitor, page)
    (notice,) = visitor.identity.account_page.dashboard(visitor.me).notices
    assert (notice.kind, notice.count) == (EventKind.SECOND_FACTOR_REFUSED, 2)
    acknowledge(visitor)
    assert notices(visitor) == []


def test_a_session_cannot_acknowledge_what_it_did_itself(visitor: UseCaseBrowser, new_visitor: Callable[..., UseCaseBrowser]) -> None:
    """No other account's page shows it there, whatever a form names; the other sessions are told until one of them has seen it."""
    app = visitor.sign_in().enable()
    visitor.keep_codes()
    other = new_visitor().sign_in(TotpCode(app.next_code()))
    acknowledge(other)
    visitor.reveal()
    operation = shown(other)
    acknowledge(visitor, operation)
    assert notices(other) == [EventKind.BACKUPS_REVEALED]
    acknowledge(other, operation)
    assert notices(new_visitor().sign_in(TotpCode(app.next_code()))) == [EventKind.SIGNED_IN_IN_NEW_BROWSER]


@pytest.mark.parametrize("wrong", [Shown(1, 1), Shown(2, 9), Shown(9, 9), Shown(0, 0), Shown(999_999_999, 999_999_999)])
def test_what_was_not_shown_cannot_be_acknowledged(
    installation: Installation, anna: Account, visitor: UseCaseBrowser, wrong: Shown
) -> None:
    """An event that is no notice, a notice of other numbers, one that has not happened yet."""
    installation.services.identity.administration.set_status(ANNA, AccountStatus.DISABLED)
    installation.services.identity.administration.set_status(ANNA, AccountStatus.ACTIVE)
    visitor.sign_in()
    acknowledge(visitor, [wrong])
    assert len(notices(visitor)) == 2
    assert EventKind.NOTICES_SEEN not in kinds(installation, anna.id)


def test_two_hundred_and_thirty_right_passwords_leave_the_reset_visible(
    installation: Installation, anna: Account, visitor: UseCaseBrowser, new_visitor: Callable[..., UseCaseBrowser]
) -> None:
    """They are one notice, that says how often and that the places differ."""
    visitor.sign_in().enable()
    link = reset(installation.services)
    for number in range(230):
        assert isinstance(new_visitor(address=f"203.0.113.{number}").begin(), EnrolmentRequired)
    visitor.link = link
    visitor.enable_again()
    told = {notice.kind: notice for notice in visitor.identity.account_page.dashboard(visitor.me).notices}
    awaited = told[EventKind.ENROLMENT_AWAITED]
    assert (awaited.count, awaited.several_places) == (231, True)
    assert told[EventKind.TWO_FACTOR_RESET].count == 1
    acknowledge(visitor)
    assert notices(visitor) == []


def test_what_the_operator_did_is_never_pushed_out(
    installation: Installation, anna: Account, visitor: UseCaseBrowser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More notices than a page shows: the operator's stand among them, the rest follows once these are acknowledged."""
    monkeypatch.setattr(account_page, "MOST_SHOWN", 3)
    visitor.sign_in().enable()
    visitor.link = reset(installation.services)
    visitor.enable_again()
    codes = visitor.codes()
    for code in codes[:4]:
        UseCaseBrowser(installation).sign_in(canonical(code))
    dashboard = visitor.identity.account_page.dashboard(visitor.me)
    used = EventKind.SIGNED_IN_WITH_BACKUP
    assert [notice.kind for notice in dashboard.notices] == [used, used, EventKind.TWO_FACTOR_RESET]
    assert dashboard.more_notices
    acknowledge(visitor)
    assert used in notices(visitor)
    assert EventKind.TWO_FACTOR_RESET not in notices(visitor)


def test_a_spent_recovery_code_leaves_the_same_notice_at_every_door(
    visitor: UseCaseBrowser, new_visitor: Callable[..., UseCaseBrowser]
) -> None:
    """At the sign-in and at "Confirm it's you": told to every session, the one that spent it among them."""
    app = visitor.sign_in().enable()
    codes = visitor.codes()
    visitor.keep_codes()
    other = new_visitor().sign_in(TotpCode(app.next_code()))
    acknowledge(other)
    visitor.clock.advance(minutes=6)
    assert isinstance(visitor.confirm(factor=canonical(codes[0])), SessionRenewed)
    door = EventKind.IDENTITY_CONFIRMED_WITH_BACKUP
    new = EventKind.SIGNED_IN_IN_NEW_BROWSER
    assert (notices(visitor), notices(other)) == ([door, new], [door])
    late = new_visitor().sign_in(canonical(codes[1]))
    entrance = EventKind.SIGNED_IN_WITH_BACKUP
    assert notices(late) == notices(visitor) == [entrance, door, new]
    assert notices(other) == [entrance, door]


def test_the_latest_ten_events_are_shown(visitor: UseCaseBrowser) -> None:
    """Newest first, one's own among them."""
    for _ in range(12):
        visitor.sign_in()
    activity = visitor.identity.account_page.dashboard(visitor.me).activity
    assert [event.kind for event in activity] == [EventKind.SIGNED_IN] * 10
    assert [13 - number for number in range(10)] == [event.seq for event in activity]


def test_no_account_is_told_of_another_accounts_events(installation: Installation, visitor: UseCaseBrowser) -> None:
    """Each account has its own chain and its own notices."""
    installation.add_account("berta@example.com", "Berta")
    berta = UseCaseBrowser(installation, email="berta@example.com").sign_in()
    visitor.sign_in().enable()
    dashboard = berta.identity.account_page.dashboard(berta.me)
    assert not dashboard.notices
    assert {event.subject for event in dashboard.activity} == {berta.me.account.id}
    assert not dashboard.protection.on


def use_mailed_links(installation: Installation, account: Account) -> None:
    """A new password by a link, and "This wasn't me" by another."""
    identity = installation.services.identity
    link = identity.password_reset.issue(account.email)
    assert isinstance(link, Token)
    assert identity.password_reset.set(link, "copper-lantern-willow-harbour", CLIENT) == Done()
    assert isinstance(identity.this_wasnt_me.report(not_me_link(installation.services, account.email), CLIENT), Report)


def change_address(installation: Installation, visitor: UseCaseBrowser) -> None:
    """It is confirmed, changed, and brought back; the data is downloaded. The password is set anew afterwards."""
    identity = installation.services.identity
    with installation.services.database.write() as connection:
        connection.execute(update(ACCOUNT).where(ACCOUNT.c.email == visitor.email).values(email_confirmed_at=None))
        connection.commit()
    confirmation = email_link(installation, visitor.me, visitor.email)
    assert identity.email_confirmation.confirm(visitor.me, confirmation) == EmailConfirmed(visitor.email)
    assert isinstance(identity.account_export.export(visitor.me), AccountData)
    change_email(installation, visitor.me, "changed@example.net")
    (stop,) = links_to(installation, visitor.email, LinkKind.EMAIL_STOP)
    assert isinstance(identity.email_stop.stop(stop, CLIENT), Stop)
    for password in ("copper-lantern-willow-harbour", PASSWORD):
        link = identity.password_reset.issue(visitor.email)
        assert isinstance(link, Token)
        assert identity.password_reset.set(link, password, CLIENT) == Done()
    visitor.sign_in()


def closed(installation: Installation) -> str:
    """An account that a second browser signs in to, gives another name, and closes for good."""
    account = installation.add_account("carla@example.com", "Carla")
    UseCaseBrowser(installation, email=account.email).sign_in()
    browser = UseCaseBrowser(installation, email=account.email).sign_in()
    assert browser.identity.name_change.change(browser.me, "Carla Lund") == Done()
    assert browser.identity.account_closing.close(browser.me) == Done()
    return account.id


def end_sessions(visitor: UseCaseBrowser, others: Sequence[UseCaseBrowser]) -> None:
    """One elsewhere, all others, by the operator, and one's own; in between it is locked and unlocked."""
    assert visitor.identity.session_listing.end(visitor.me, others[0].me.session.id) == Done()
    assert visitor.identity.session_listing.end_others(visitor.me) == SessionsEnded(1)
    visitor.clock.advance(minutes=61)
    assert isinstance(visitor.unlock(), SessionRenewed)
    assert visitor.identity.session_administration.end(visitor.email, None) == SessionsEnded(1)
    visitor.sign_in()
    visitor.identity.sessions.sign_out(visitor.me)


def test_every_accounts_chain_verifies_after_a_long_life(
    installation: Installation, anna: Account, visitor: UseCaseBrowser, new_visitor: Callable[..., UseCaseBrowser]
) -> None:
    """Everything that can happen to accounts, interleaved: the chains are whole, and every kind of event occurred."""
    berta = installation.add_account("berta@example.com", "Berta")
    bertas = UseCaseBrowser(installation, email="berta@example.com").sign_in()
    app = visitor.sign_in().enable()
    codes = visitor.codes()
    visitor.keep_codes()
    visitor.reveal()
    bertas.start()
    for _ in range(5):
        bertas.confirm_enrolment("000000")
    thief = new_visitor(address="203.0.113.9")
    for _ in range(50):
        thief.begin()
        thief.code("000000")
        installation.clock.advance(hours=1)
    for _ in range(7):
        thief.begin("guess")
    visitor.begin()
    assert isinstance(visitor.recovery_code(codes[0]), NewPasswordRequired)
    assert isinstance(visitor.set_password("copper-lantern-willow-harbour"), SignedIn)
    assert isinstance(visitor.change_password(PASSWORD), PasswordChanged)
    visitor.regenerate()
    codes = visitor.codes()
    assert isinstance(visitor.keep_codes(), SessionRenewed)
    assert visitor.identity.recovery_codes.check(visitor.me, canonical(codes[0])) is SavedCode.GOOD
    app = visitor.enable()
    visitor.add_app("Tablet")
    visitor.rename(visitor.apps()["Tablet"], "Work tablet")
    assert isinstance(visitor.remove(visitor.apps()["Work tablet"]), SessionRenewed)
    acknowledge(visitor)
    visitor.clock.advance(minutes=6)
    assert isinstance(visitor.confirm(factor=canonical(codes[1])), SessionRenewed)
    visitor.clock.advance(minutes=6)
    assert isinstance(visitor.confirm(factor=TotpCode(app.code())), SessionRenewed)
    assert isinstance(visitor.disable(), SessionRenewed)
    change_address(installation, visitor)
    end_sessions(visitor, [new_visitor().sign_in() for _ in range(2)])
    bertas.sign_in()
    for _ in range(6):
        bertas.begin("guess")
        installation.clock.advance(minutes=15)
    bertas.sign_in()
    for _ in range(5):
        bertas.confirm("wrong")
    for status in (AccountStatus.DISABLED, AccountStatus.ACTIVE):
        installation.services.identity.administration.set_status("berta@example.com", status)
    bertas.sign_in().enable()
    bertas.link = reset(installation.services, "berta@example.com")
    bertas.enable_again()
    installation.clock.advance(hours=-1)
    assert isinstance(installation.services.identity.administration.reset_clock("berta@example.com"), ClockReset)
    use_mailed_links(installation, berta)
    subjects = (anna.id, berta.id, closed(installation), *lead_a_team(installation), TEAM)
    recorded = {kind for subject in subjects for kind in kinds(installation, subject)}
    assert set(EventKind) == recorded
