"""The link "This wasn't me": it takes power away from whoever has it, and gives nobody any."""

from collections.abc import Callable

import pytest
from sqlalchemy import select

from tests.support.authenticator_app import AuthenticatorApp
from tests.support.installation import CLIENT, Installation
from tests.support.mails import links, send
from tests.support.people import bound_long_ago, not_me_link, reset
from tests.use_cases.instrumentation import after_transaction, events, kinds, parts_of
from tests.use_cases.use_case_browser import ANNA, UseCaseBrowser
from xpressbot.foundation.database.rows_at_restore import end_rows
from xpressbot.foundation.mail.outbox import OUTBOX
from xpressbot.foundation.tokens import Token
from xpressbot.identity.accounts.rules.account import Account, AccountStatus, PasswordStatus, status_after_report
from xpressbot.identity.audit.rules.event import EventKind
from xpressbot.identity.links.charges import LinkRefusal
from xpressbot.identity.links.rules import LIFETIME, LinkKind
from xpressbot.identity.outcomes import Denied, Done, NewPasswordRequired, SecondFactorRequired, SignedIn
from xpressbot.identity.passwords.forgotten import PASSWORD_MAIL
from xpressbot.identity.passwords.session_password import PasswordRefusal
from xpressbot.identity.passwords.this_wasnt_me import Report
from xpressbot.identity.tables import KNOWN_BROWSER, SESSION
from xpressbot.identity.use_cases import Identity, at_restore

NEW = "copper-lantern-willow-harbour"
GONE = Denied(LinkRefusal.LINK_GONE)


def mailed(installation: Installation, account: Account) -> Token:
    return not_me_link(installation.services, account.email)


def report(identity: Identity, token: Token) -> Report:
    done = identity.this_wasnt_me.report(token, CLIENT)
    assert isinstance(done, Report), done
    return done


def count(installation: Installation) -> tuple[int, ...]:
    """Sessions, known browsers, and mails with a link for a new password."""
    with installation.services.database.read() as connection:
        statements = [select(SESSION), select(KNOWN_BROWSER), select(OUTBOX).where(OUTBOX.c.kind == PASSWORD_MAIL)]
        return tuple(len(connection.execute(statement).all()) for statement in statements)


@pytest.mark.parametrize("status", [*PasswordStatus, None])
def test_only_a_second_factor_lets_its_holder_set_the_next_password(status: PasswordStatus | None) -> None:
    """Without one the password is void, and one that is void stays so."""
    assert status_after_report(status, needs_second_factor=False) is PasswordStatus.VOID
    usable = status in {PasswordStatus.IN_USE, PasswordStatus.TO_BE_REPLACED}
    assert status_after_report(status, needs_second_factor=True) is (PasswordStatus.TO_BE_REPLACED if usable else PasswordStatus.VOID)


def test_with_2fa_on_the_next_proof_of_all_factors_leads_to_a_new_password(
    installation: Installation, anna: Account, app: AuthenticatorApp, visitor: UseCaseBrowser, new_visitor: Callable[..., UseCaseBrowser]
) -> None:
    """Every session and sign-in ends, browsers are forgotten, and the person is told."""
    bound_long_ago(installation.services)
    token, half_way = mailed(installation, anna), new_visitor()
    half_way.begin()
    before = visitor.identity.this_wasnt_me.preview(token)
    assert (visitor.caller is None, count(installation)) == (False, (1, 1, 0))
    done = report(visitor.identity, token)
    assert before == done
    assert (done.password_status, done.sessions_ended) == (PasswordStatus.TO_BE_REPLACED, 1)
    assert count(installation) == (0, 0, 0)
    assert isinstance(half_way.code(app.next_code()), Denied)
    last = events(installation, anna.id)[-1]
    assert (last.kind, last.actor, last.details["password"]) == (EventKind.THIS_WASNT_ME, None, "to_be_replaced")
    assert isinstance(visitor.begin(), SecondFactorRequired)
    assert isinstance(visitor.code(app.code(steps=1)), NewPasswordRequired)
    assert isinstance(visitor.set_password(NEW), SignedIn)


def test_without_2fa_the_password_opens_nothing_and_a_link_is_to_be_mailed(
    installation: Installation, anna: Account, visitor: UseCaseBrowser
) -> None:
    """A thief who knows it must not be the one who sets the next: neither by signing in nor in the session that they have."""
    thief, token = visitor.sign_in(), mailed(installation, anna)
    assert report(visitor.identity, token).password_status is PasswordStatus.VOID
    assert thief.caller is None
    assert thief.begin() == Denied(PasswordRefusal.WRONG_CREDENTIALS)
    assert count(installation)[-1] == 1
    (password_link,) = links(send(installation), LinkKind.PASSWORD)
    assert visitor.identity.password_reset.set(password_link, NEW, CLIENT) == Done()
    assert isinstance(visitor.begin(NEW), SignedIn)


def test_who_has_just_bound_a_factor_does_not_set_the_next_password(
    installation: Installation, anna: Account, visitor: UseCaseBrowser, new_visitor: Callable[..., UseCaseBrowser]
) -> None:
    """A thief with the password enables 2FA on a phone of their own. Its mail has the link: what it does must not let them back in."""
    thief = new_visitor().sign_in()
    thief.enable()
    done = report(visitor.identity, mailed(installation, anna))
    assert (done.password_status, done.is_protected) == (PasswordStatus.VOID, True)
    assert thief.begin() == Denied(PasswordRefusal.WRONG_CREDENTIALS)
    (password_link,) = links(send(installation), LinkKind.PASSWORD)
    assert visitor.identity.password_reset.set(password_link, NEW, CLIENT) == Done()
    assert thief.begin() == Denied(PasswordRefusal.WRONG_CREDENTIALS)
    assert isinstance(visitor.begin(NEW), SecondFactorRequired)


def test_a_factor_is_new_for_as_long_as_a_link_is_good(
    installation: Installation, anna: Account, app: AuthenticatorApp, identity: Identity
) -> None:
    """After that, no link tells of it any more."""
    assert app
    token = mailed(installation, anna)
    before = identity.this_wasnt_me.preview(token)
    bound_long_ago(installation.services)
    after = identity.this_wasnt_me.preview(token)
    assert before is not None
    assert after is not None
    assert (before.password_status, after.password_status) == (PasswordStatus.VOID, PasswordStatus.TO_BE_REPLACED)


def test_a_link_works_once_for_all_of_the_account_and_on_every_version(
    installation: Installation, anna: Account, visitor: UseCaseBrowser
) -> None:
    """A change between the mail and the click leaves it good; one use ends the others, and one of later is a new one."""
    first, second = mailed(installation, anna), mailed(installation, anna)
    berta = installation.add_account("berta@example.com", "Berta")
    bertas = mailed(installation, berta)
    visitor.sign_in().enable()
    report(visitor.identity, second)
    for used in (first, second):
        assert visitor.identity.this_wasnt_me.preview(used) is None
        assert visitor.identity.this_wasnt_me.report(used, CLIENT) == GONE
    assert visitor.identity.this_wasnt_me.preview(bertas) is not None
    later = mailed(installation, anna)
    assert report(visitor.identity, later).account.email == ANNA


def test_a_link_lasts_seven_days(installation: Installation, anna: Account, identity: Identity) -> None:
    """And not longer."""
    token = mailed(installation, anna)
    installation.clock.set(installation.clock.now() + LIFETIME[LinkKind.NOT_ME] - 1)
    assert identity.this_wasnt_me.preview(token) is not None
    installation.clock.advance(seconds=1)
    assert identity.this_wasnt_me.report(token, CLIENT) == GONE


def test_it_ends_the_links_that_give_power(installation: Installation, anna: Account, app: AuthenticatorApp, identity: Identity) -> None:
    """A thief may hold one: for a new password, or for 2FA, which an operator was talked into resetting."""
    assert app
    bound_long_ago(installation.services)
    operators, token = reset(installation.services), mailed(installation, anna)
    password_link = identity.password_reset.issue(ANNA)
    assert isinstance(password_link, Token)
    assert report(identity, token).password_status is PasswordStatus.TO_BE_REPLACED
    assert identity.password_reset.account_of(password_link) is None
    assert not identity.re_enrolment.is_open(operators)


def test_it_works_for_a_disabled_account_too(installation: Installation, anna: Account, identity: Identity) -> None:
    """It takes away only: whoever enables the account does not give the thief their way back."""
    token = mailed(installation, anna)
    identity.administration.set_status(ANNA, AccountStatus.DISABLED)
    assert report(identity, token).password_status is PasswordStatus.VOID
    identity.administration.set_status(ANNA, AccountStatus.ACTIVE)
    assert UseCaseBrowser(installation).begin() == Denied(PasswordRefusal.WRONG_CREDENTIALS)


def test_no_link_is_stored_for_a_closed_account(installation: Installation) -> None:
    """A notice that was being written when its person closed the account leaves nothing behind."""
    installation.add_account()
    ben = installation.add_account("ben@example.com", "Ben")
    browser = UseCaseBrowser(installation, email=ben.email).sign_in()
    assert browser.identity.account_closing.close(browser.me) == Done()
    with parts_of(installation).transactions.writing() as tx:
        assert not browser.identity.this_wasnt_me.store_link(
            tx, ben.id, browser.identity.this_wasnt_me.new_token(), installation.clock.now()
        )


def test_a_restore_leaves_the_link(installation: Installation, anna: Account, visitor: UseCaseBrowser) -> None:
    """Whoever is in the account came back with the copy of the database; nobody gains anything by the link."""
    token = mailed(installation, anna)
    with parts_of(installation).transactions.writing() as tx:
        end_rows(tx, at_restore(visitor.identity.kinds))
        tx.commit()
    report(visitor.identity, token)


def test_a_browser_without_a_link_reports_nothing(identity: Identity, anna: Account) -> None:
    """It may have lost its cookie while the page was open."""
    assert identity.this_wasnt_me.preview(None) is None
    assert identity.this_wasnt_me.report(None, CLIENT) == GONE


def test_of_two_clicks_at_once_one_reports(installation: Installation, anna: Account, identity: Identity) -> None:
    """Both find the link open; the later one ends nothing, not even the sign-ins of after the first, and is no event."""
    token, browser = mailed(installation, anna), UseCaseBrowser(installation)

    def report_and_come_back() -> None:
        report(identity, token)
        (password_link,) = links(send(installation), LinkKind.PASSWORD)
        assert identity.password_reset.set(password_link, NEW, CLIENT) == Done()
        assert isinstance(browser.begin(NEW), SignedIn)

    with after_transaction(installation, 1, report_and_come_back):
        assert identity.this_wasnt_me.report(token, CLIENT) == GONE
    assert browser.caller is not None
    assert kinds(installation, anna.id).count(EventKind.THIS_WASNT_ME) == 1
