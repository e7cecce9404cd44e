"""A look at recovery codes is a look at one set: what else becomes of the account opens no other."""

from collections.abc import Callable

from tests.support.authenticator_app import AuthenticatorApp
from tests.use_cases.use_case_browser import UseCaseBrowser, canonical
from xpressbot.identity.factors.totp.kind import TotpCode
from xpressbot.identity.outcomes import Done, StepUpRequired


def test_a_prepared_set_that_was_superseded_opens_no_look_at_the_set_in_force(
    app: AuthenticatorApp, visitor: UseCaseBrowser, new_visitor: Callable[..., UseCaseBrowser]
) -> None:
    """A recovery session may make a new set without further proof; if another session's set takes its place, it sees none."""
    codes = visitor.codes()
    visitor.keep_codes()
    recovered: UseCaseBrowser = new_visitor().sign_in(canonical(codes[0]))
    recovered.clock.advance(minutes=6)
    assert recovered.regenerate() == Done()
    assert recovered.shown_codes() is not None

    visitor.confirm(factor=TotpCode(app.next_code()))
    assert visitor.regenerate() == Done()
    assert recovered.shown_codes() is None
    assert recovered.keep_codes() == Done()
    assert recovered.reveal() == StepUpRequired()


def test_a_prepared_set_that_expired_does_not_come_back(app: AuthenticatorApp, visitor: UseCaseBrowser) -> None:
    """After half an hour a set that no person kept is out: a later look shows the set in force, and "Continue" replaces nothing."""
    codes = visitor.codes()
    visitor.keep_codes()
    assert visitor.regenerate() == Done()
    visitor.clock.advance(minutes=31)
    visitor.confirm(factor=TotpCode(app.next_code()))
    assert visitor.reveal() == Done()
    assert visitor.shown_codes() == codes
    assert visitor.keep_codes() == Done()
    assert visitor.reveal() == Done()
    assert visitor.shown_codes() == codes
