"""Checking a code from one's paper: it tells, and uses nothing up."""

from collections.abc import Callable

from tests.support.authenticator_app import AuthenticatorApp
from tests.support.installation import Installation
from tests.use_cases.instrumentation import events
from tests.use_cases.use_case_browser import UseCaseBrowser, canonical
from xpressbot.identity.accounts.rules.account import Account
from xpressbot.identity.audit.rules.event import EventKind
from xpressbot.identity.factors.recovery_codes.rules import SavedCode
from xpressbot.identity.factors.totp.kind import TotpCode
from xpressbot.identity.outcomes import Denied, Done, SignedIn, StepUpRequired
from xpressbot.identity.throttling.charges import ThrottleRefusal

UNKNOWN = "0000-0000-0000-0000"


def check(visitor: UseCaseBrowser, text: str) -> SavedCode | Denied | StepUpRequired:
    return visitor.identity.recovery_codes.check(visitor.me, canonical(text))


def test_a_code_is_told_good_used_or_unknown(
    codes: tuple[str, ...], installation: Installation, anna: Account, visitor: UseCaseBrowser, new_visitor: Callable[..., UseCaseBrowser]
) -> None:
    """A good one still signs in after any number of checks; each check is in the history, the code is not."""
    assert [check(visitor, codes[0]) for _ in range(10)] == [SavedCode.GOOD] * 10
    other = new_visitor()
    other.begin()
    assert isinstance(other.recovery_code(codes[0]), SignedIn)
    assert check(visitor, codes[0]) is SavedCode.USED
    assert check(visitor, UNKNOWN) is SavedCode.UNKNOWN
    checked = [event.details for event in events(installation, anna.id) if event.kind is EventKind.BACKUP_CHECKED]
    assert [details["result"] for details in checked] == ["good"] * 10 + ["used", "unknown"]
    assert codes[0] not in str(checked)


def test_checking_needs_a_fresh_proof(app: AuthenticatorApp, codes: tuple[str, ...], visitor: UseCaseBrowser) -> None:
    """Also in a session that may repair the account; without the proof nothing is counted."""
    visitor.clock.advance(minutes=6)
    assert [check(visitor, UNKNOWN) for _ in range(9)] == [StepUpRequired()] * 9
    visitor.confirm(factor=TotpCode(app.code()))
    assert check(visitor, UNKNOWN) is SavedCode.UNKNOWN
    assert check(visitor, codes[3]) is SavedCode.GOOD


def test_guessing_by_checking_has_to_wait(
    codes: tuple[str, ...], visitor: UseCaseBrowser, new_visitor: Callable[..., UseCaseBrowser]
) -> None:
    """Five wrong ones are free, and signing in with a recovery code is not held up by them."""
    assert [check(visitor, UNKNOWN) for _ in range(5)] == [SavedCode.UNKNOWN] * 5
    refused = check(visitor, codes[0])
    assert isinstance(refused, Denied)
    assert (refused.reason, refused.retry_at) == (ThrottleRefusal.THROTTLED, visitor.clock.now() + 30_000_000)
    other = new_visitor()
    other.begin()
    assert isinstance(other.recovery_code(codes[1]), SignedIn)


def test_a_code_of_a_prepared_or_a_replaced_set_is_none(codes: tuple[str, ...], visitor: UseCaseBrowser) -> None:
    """Only the set in force counts: a new set from its "Continue" on."""
    assert visitor.regenerate() == Done()
    prepared = visitor.codes()
    assert (check(visitor, prepared[0]), check(visitor, codes[0])) == (SavedCode.UNKNOWN, SavedCode.GOOD)
    visitor.keep_codes()
    assert (check(visitor, prepared[0]), check(visitor, codes[0])) == (SavedCode.GOOD, SavedCode.UNKNOWN)
