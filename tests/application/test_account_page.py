"""What a person is told of their own account, and the record behind it."""

from collections.abc import Callable

import pytest

from tests.application.observing import events, kinds
from tests.application.visitor import ANNA, Visitor, canonical
from tests.support.installation import Installation
from tests.support.people import reset
from xpressbot.identity.application.second_factor import TotpCode
from xpressbot.identity.domain.account import Account, AccountStatus
from xpressbot.identity.domain.outcomes import Raised
from xpressbot.identity.domain.recovery_code import SavedCode
from xpressbot.identity.domain.security_event import EventKind


def notices(visitor: Visitor) -> list[EventKind]:
    return [notice.kind for notice in visitor.identity.account_page.dashboard(visitor.me).notices]


def latest_seq(visitor: Visitor) -> int:
    return visitor.identity.account_page.dashboard(visitor.me).activity[0].seq


def test_one_is_not_told_what_one_has_just_done(visitor: Visitor, new_visitor: Callable[..., Visitor]) -> None:
    """Enabling 2FA is a notice in every other session, newest first, and none in the one that did it."""
    app = visitor.sign_in().enable()
    visitor.keep_codes()
    visitor.reveal()
    assert notices(visitor) == []
    other = new_visitor().sign_in(TotpCode(app.next_code()))
    assert notices(other) == [EventKind.RECOVERY_CODES_REVEALED, EventKind.TWO_FACTOR_ENABLED]


def test_a_sign_in_with_a_recovery_code_is_told_to_everybody(visitor: Visitor, new_visitor: Callable[..., Visitor]) -> None:
    """Also to the one who did it."""
    visitor.sign_in().enable()
    other = new_visitor().sign_in(canonical(visitor.codes()[0]))
    assert EventKind.SIGNED_IN_WITH_RECOVERY_CODE in notices(other)
    assert notices(visitor) == [EventKind.SIGNED_IN_WITH_RECOVERY_CODE]


def test_wrong_codes_after_a_right_password_are_told(visitor: Visitor, new_visitor: Callable[..., Visitor]) -> None:
    """Somebody knows the password: time, address and browser are told at the next sign-in (ASVS 6.3.5)."""
    visitor.sign_in().enable()
    thief = new_visitor(address="203.0.113.9", user_agent="curl/8")
    thief.begin()
    for _ in range(3):
        thief.code("000000")
    told = visitor.identity.account_page.dashboard(visitor.me).notices
    assert [notice.kind for notice in told] == [EventKind.SECOND_FACTOR_REFUSED] * 3
    assert (told[0].details["address"], told[0].details["user_agent"], told[0].at) == ("203.0.113.9", "curl/8", visitor.clock.now())


def test_acknowledged_notices_are_told_no_more(installation: Installation, anna: Account, visitor: Visitor) -> None:
    """In no session; what happens later is told again; acknowledging is an event and no notice."""
    installation.house.identity.administration.set_status(ANNA, AccountStatus.DISABLED)
    installation.house.identity.administration.set_status(ANNA, AccountStatus.ACTIVE)
    visitor.sign_in()
    assert notices(visitor) == [EventKind.ACCOUNT_ENABLED, EventKind.ACCOUNT_DISABLED]
    seq = latest_seq(visitor)
    visitor.identity.account_page.acknowledge(visitor.me, seq)
    assert notices(visitor) == []
    assert events(installation, anna.id)[-1][1]["up_to"] == seq
    visitor.enable()
    assert notices(Visitor(installation).sign_in(canonical(visitor.codes()[0])))[-1] is EventKind.TWO_FACTOR_ENABLED


def test_a_notice_that_came_while_reading_is_not_acknowledged(installation: Installation, anna: Account, visitor: Visitor) -> None:
    """Only what the page showed, up to its number."""
    visitor.sign_in().enable()
    shown = latest_seq(visitor)
    thief = Visitor(installation)
    thief.begin()
    thief.code("000000")
    visitor.identity.account_page.acknowledge(visitor.me, shown)
    assert notices(visitor) == [EventKind.SECOND_FACTOR_REFUSED]


@pytest.mark.parametrize("distance", [1, 1000, 2**31])
def test_what_has_not_happened_yet_cannot_be_acknowledged(
    installation: Installation, anna: Account, visitor: Visitor, distance: int
) -> None:
    """A number from the future would silence notices that are still to come."""
    visitor.sign_in()
    visitor.identity.account_page.acknowledge(visitor.me, latest_seq(visitor) + distance)
    assert visitor.me.account.notices_seen == 0
    assert EventKind.NOTICES_SEEN not in kinds(installation, anna.id)


@pytest.mark.parametrize("seq", [-1, 0, 1, 2])
def test_acknowledging_never_goes_back(visitor: Visitor, seq: int) -> None:
    """What was acknowledged stays so."""
    visitor.sign_in()
    visitor.identity.account_page.acknowledge(visitor.me, 2)
    visitor.identity.account_page.acknowledge(visitor.me, seq)
    assert visitor.me.account.notices_seen == 2


def test_the_latest_ten_events_are_shown(visitor: Visitor) -> None:
    """Newest first, one's own among them."""
    for _ in range(12):
        visitor.sign_in()
    activity = visitor.identity.account_page.dashboard(visitor.me).activity
    assert [event.kind for event in activity] == [EventKind.SIGNED_IN] * 10
    assert [13 - number for number in range(10)] == [event.seq for event in activity]


def test_nobody_is_told_of_another_accounts_events(installation: Installation, visitor: Visitor) -> None:
    """Each account has its own chain and its own notices."""
    installation.add_account("berta@example.com", "Berta")
    berta = Visitor(installation, email="berta@example.com").sign_in()
    visitor.sign_in().enable()
    dashboard = berta.identity.account_page.dashboard(berta.me)
    assert not dashboard.notices
    assert {event.account_id for event in dashboard.activity} == {berta.me.account.id}
    assert not dashboard.protection.on


def test_every_accounts_chain_verifies_after_a_long_life(
    installation: Installation, anna: Account, visitor: Visitor, new_visitor: Callable[..., Visitor]
) -> None:
    """Everything that can happen to two accounts, interleaved: the chains are whole, and every kind of event occurred."""
    berta = installation.add_account("berta@example.com", "Berta")
    bertas = Visitor(installation, email="berta@example.com").sign_in()
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
    visitor.sign_in(canonical(codes[0]))
    visitor.regenerate()
    codes = visitor.codes()
    assert isinstance(visitor.keep_codes(), Raised)
    assert visitor.identity.recovery_codes.check(visitor.me, canonical(codes[0])) is SavedCode.GOOD
    app = visitor.enable()
    visitor.add_app("Tablet")
    visitor.rename(visitor.apps()["Tablet"], "Work tablet")
    assert isinstance(visitor.remove(visitor.apps()["Work tablet"]), Raised)
    visitor.identity.account_page.acknowledge(visitor.me, latest_seq(visitor))
    visitor.clock.advance(minutes=6)
    assert isinstance(visitor.confirm(factor=TotpCode(app.code())), Raised)
    assert isinstance(visitor.disable(), Raised)
    visitor.identity.sessions.sign_out(visitor.me)
    bertas.sign_in()
    for _ in range(5):
        bertas.confirm("wrong")
    for status in (AccountStatus.DISABLED, AccountStatus.ACTIVE):
        installation.house.identity.administration.set_status("berta@example.com", status)
    bertas.sign_in().enable()
    bertas.link = reset(installation.house, "berta@example.com")
    bertas.enable_again()
    recorded = {*kinds(installation, anna.id), *kinds(installation, berta.id)}
    assert set(EventKind) == recorded
