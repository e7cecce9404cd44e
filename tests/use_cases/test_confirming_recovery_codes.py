"""The button "Continue" speaks of the set of recovery codes on its page, whatever is shown or in force by now."""

from collections.abc import Callable

import pytest

from tests.support.authenticator_app import AuthenticatorApp
from tests.use_cases.use_case_browser import UseCaseBrowser, canonical
from xpressbot.identity.factors.recovery_codes.use_cases import KeepRefusal
from xpressbot.identity.factors.totp.kind import TotpCode
from xpressbot.identity.outcomes import Denied, Done, SessionRenewed, SignedIn

NOT_KEPT = Denied(KeepRefusal.CODES_NOT_KEPT)
NewUseCaseBrowser = Callable[..., UseCaseBrowser]


@pytest.fixture
def in_force(app: AuthenticatorApp, visitor: UseCaseBrowser) -> tuple[str, ...]:
    """The first set, saved."""
    codes = visitor.codes()
    assert visitor.keep_codes(set_on_page(visitor)) == Done()
    return codes


def set_on_page(visitor: UseCaseBrowser) -> str:
    ledger = visitor.identity.recovery_codes.ledger(visitor.me)
    assert ledger is not None
    return ledger.code_set.id


def prepare(visitor: UseCaseBrowser) -> tuple[str, tuple[str, ...]]:
    """Make a new set: its id and its codes, as they are on the page."""
    assert visitor.regenerate() == Done()
    return set_on_page(visitor), visitor.codes()


def signs_in(visitor: UseCaseBrowser, code: str) -> bool:
    visitor.begin()
    return isinstance(visitor.prove(canonical(code)), SignedIn)


def test_a_set_that_was_shown_too_long_ago_is_not_kept(
    in_force: tuple[str, ...], visitor: UseCaseBrowser, new_visitor: NewUseCaseBrowser
) -> None:
    """Whoever wrote it down must hear that it counts for nothing; the earlier codes go on working."""
    set_id, new = prepare(visitor)
    visitor.clock.advance(minutes=30)
    assert visitor.keep_codes(set_id) == NOT_KEPT
    assert not signs_in(new_visitor(), new[0])
    assert signs_in(new_visitor(), in_force[0])


def test_a_set_that_another_session_has_superseded_is_not_kept(
    app: AuthenticatorApp, in_force: tuple[str, ...], visitor: UseCaseBrowser, new_visitor: NewUseCaseBrowser
) -> None:
    """The other browser's set, prepared later, is the one that can still come into force there."""
    other = new_visitor().sign_in(TotpCode(app.next_code()))
    set_id, new = prepare(visitor)
    others_id, others = prepare(other)
    assert visitor.keep_codes(set_id) == NOT_KEPT
    assert not signs_in(new_visitor(), new[0])
    assert signs_in(new_visitor(), in_force[0])
    assert isinstance(other.keep_codes(others_id), SessionRenewed)
    assert signs_in(new_visitor(), others[0])


def test_a_set_that_another_tab_has_superseded_is_not_kept(
    in_force: tuple[str, ...], visitor: UseCaseBrowser, new_visitor: NewUseCaseBrowser
) -> None:
    """The tab with the older codes must not put the newer ones in force, which nobody has saved from it."""
    set_id, older = prepare(visitor)
    newer_id, newer = prepare(visitor)
    assert visitor.keep_codes(set_id) == NOT_KEPT
    assert signs_in(new_visitor(), in_force[0])
    assert not signs_in(new_visitor(), older[0])
    assert not signs_in(new_visitor(), newer[0])
    assert isinstance(visitor.keep_codes(newer_id), SessionRenewed)
    assert signs_in(new_visitor(), newer[1])


def test_a_prepared_set_of_another_session_is_not_kept(
    app: AuthenticatorApp, in_force: tuple[str, ...], visitor: UseCaseBrowser, new_visitor: NewUseCaseBrowser
) -> None:
    """Its id alone puts nothing in force: a set is kept by the browser that was shown it."""
    other = new_visitor().sign_in(TotpCode(app.next_code()))
    set_id, new = prepare(visitor)
    assert other.keep_codes(set_id) == NOT_KEPT
    assert not signs_in(new_visitor(), new[0])
    assert signs_in(new_visitor(), in_force[0])


@pytest.mark.usefixtures("app")
def test_continue_is_done_however_often_it_is_pressed_for_the_set_in_force(visitor: UseCaseBrowser, new_visitor: NewUseCaseBrowser) -> None:
    """A double click, or a page that was left open: the set counts, so nobody is told otherwise."""
    first_id, first = set_on_page(visitor), visitor.codes()
    assert [visitor.keep_codes(first_id) for _press in range(3)] == [Done()] * 3
    assert signs_in(new_visitor(), first[0])
    new_id, new = prepare(visitor)
    assert isinstance(visitor.keep_codes(new_id), SessionRenewed)
    assert [visitor.keep_codes(new_id) for _press in range(2)] == [Done()] * 2
    assert visitor.keep_codes(first_id) == NOT_KEPT
    assert signs_in(new_visitor(), new[0])


@pytest.mark.parametrize("set_id", ["0" * 32, "x", "\x00", "é" * 5000, "' OR '1'='1"])
def test_an_id_that_is_no_set_keeps_nothing(
    set_id: str, in_force: tuple[str, ...], visitor: UseCaseBrowser, new_visitor: NewUseCaseBrowser
) -> None:
    """Nor does it hide what is on the page."""
    _new_id, new = prepare(visitor)
    assert visitor.keep_codes(set_id) == NOT_KEPT
    assert visitor.codes() == new
    assert not signs_in(new_visitor(), new[0])
    assert signs_in(new_visitor(), in_force[0])
