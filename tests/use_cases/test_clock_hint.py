"""A refused code is explained by a wrong clock only after two that agree, and what is explained is refused later."""

from collections.abc import Callable

import pytest

from tests.support.authenticator_app import AuthenticatorApp
from tests.support.installation import Installation
from tests.use_cases.instrumentation import tries
from tests.use_cases.use_case_browser import UseCaseBrowser
from xpressbot.identity.factors.kind import ProofRefusal
from xpressbot.identity.factors.totp.kind import TotpCode
from xpressbot.identity.outcomes import Denied, SignedIn

WRONG = Denied(ProofRefusal.WRONG_CODE)


@pytest.fixture
def app(visitor: UseCaseBrowser, installation: Installation) -> AuthenticatorApp:
    """Anna's phone, some time after 2FA was turned on."""
    app = visitor.sign_in().enable()
    installation.clock.advance(minutes=10)
    return app


@pytest.fixture
def other(app: AuthenticatorApp, new_visitor: Callable[..., UseCaseBrowser]) -> UseCaseBrowser:
    """A browser that waits for the code."""
    other = new_visitor()
    other.begin()
    return other


def clock_off(steps: int) -> Denied:
    return Denied(ProofRefusal.CLOCK_IS_OFF, clock_offset_seconds=30 * steps)


@pytest.mark.parametrize("steps", [-10, -3, -2, 2, 3, 10])
def test_the_second_of_two_codes_that_agree_is_explained(app: AuthenticatorApp, other: UseCaseBrowser, steps: int) -> None:
    """The first says nothing; the second says by how much the clock is off, behind or ahead."""
    assert other.code(app.code(steps=steps)) == WRONG
    other.clock.advance(seconds=30)
    assert other.code(app.code(steps=steps)) == clock_off(steps)
    assert other.caller is None


def test_explained_codes_count_as_failures(installation: Installation, app: AuthenticatorApp, other: UseCaseBrowser) -> None:
    """Both halves of the explanation are charged like any other wrong code."""
    other.code(app.code(steps=3))
    other.clock.advance(seconds=30)
    other.code(app.code(steps=3))
    assert tries(installation)["totp"] == 2


def test_offsets_may_differ_by_one_step(app: AuthenticatorApp, other: UseCaseBrowser) -> None:
    """A clock between two steps shows one offset now and the other a moment later."""
    assert other.code(app.code(steps=3)) == WRONG
    other.clock.advance(seconds=30)
    assert other.code(app.code(steps=4)) == clock_off(4)


@pytest.mark.parametrize(("first", "second", "wait"), [(3, 5, 30), (3, -3, 30), (3, 3, 0), (3, 2, 30), (3, 11, 30), (12, 12, 30)])
def test_codes_that_do_not_agree_are_not_explained(
    app: AuthenticatorApp, other: UseCaseBrowser, first: int, second: int, wait: int
) -> None:
    """Offsets two steps apart, the same code twice, and clocks more than ten steps off tell nothing."""
    assert other.code(app.code(steps=first)) == WRONG
    other.clock.advance(seconds=wait)
    assert other.code(app.code(steps=second)) == WRONG


@pytest.mark.parametrize(("minutes", "told"), [(5, True), (5.5, False)])
def test_the_first_code_is_remembered_for_five_minutes(app: AuthenticatorApp, other: UseCaseBrowser, minutes: float, *, told: bool) -> None:
    """Then the next one is a first one again."""
    other.code(app.code(steps=4))
    other.clock.advance(minutes=minutes)
    assert other.code(app.code(steps=4)) == (clock_off(4) if told else WRONG)


def test_explained_codes_are_refused_when_their_time_comes(app: AuthenticatorApp, other: UseCaseBrowser) -> None:
    """Saying "your clock is ahead" has told that the codes were right, so whoever guessed them gains nothing by waiting."""
    first = app.code(steps=4)
    other.code(first)
    other.clock.advance(seconds=30)
    second = app.code(steps=4)
    assert other.code(second) == clock_off(4)
    other.clock.advance(seconds=90)
    assert app.code() == first
    refusal = other.code(first)
    assert isinstance(refusal, Denied)
    assert (refusal.reason, refusal.retry_at) == (ProofRefusal.CODE_ALREADY_USED, other.clock.now() + 10_000_000)
    other.clock.advance(seconds=30)
    assert app.code() == second
    refusal = other.code(second)
    assert isinstance(refusal, Denied)
    assert refusal.reason is ProofRefusal.CODE_ALREADY_USED
    other.clock.advance(minutes=5)
    assert isinstance(other.code(app.code()), SignedIn)


def test_codes_around_the_explained_ones_stay_good(app: AuthenticatorApp, other: UseCaseBrowser) -> None:
    """The person is not locked out meanwhile: last_step is not raised, and only the two steps are refused."""
    other.code(app.code(steps=4))
    other.clock.advance(seconds=30)
    assert other.code(app.code(steps=4)) == clock_off(4)
    assert isinstance(other.code(app.code()), SignedIn)
    other.begin()
    other.clock.advance(seconds=60)
    assert isinstance(other.code(app.code()), SignedIn)
    other.begin()
    other.clock.advance(seconds=90)
    assert isinstance(other.code(app.code()), SignedIn)


def test_an_unexplained_code_is_good_when_its_time_comes(app: AuthenticatorApp, other: UseCaseBrowser) -> None:
    """A single early code told nobody anything, so it stays usable."""
    early = app.code(steps=3)
    assert other.code(early) == WRONG
    other.clock.advance(seconds=90)
    assert app.code() == early
    assert isinstance(other.code(early), SignedIn)


def test_a_right_code_forgets_what_was_sighted(app: AuthenticatorApp, other: UseCaseBrowser) -> None:
    """After a sign-in, explaining takes two codes again."""
    other.code(app.code(steps=3))
    other.sign_in(TotpCode(app.code()))
    other.begin()
    other.clock.advance(seconds=30)
    assert other.code(app.code(steps=3)) == WRONG


def test_the_codes_of_a_slow_phone_are_past_and_need_no_refusing(app: AuthenticatorApp, other: UseCaseBrowser) -> None:
    """Behind means spent: once the phone's clock is set, the next code signs in."""
    other.code(app.code(steps=-3))
    other.clock.advance(seconds=30)
    assert other.code(app.code(steps=-3)) == clock_off(-3)
    assert isinstance(other.code(app.code()), SignedIn)
