"""An answer that is lost on its way does not make a stranger of the browser that it was meant for."""

from collections.abc import Callable

from tests.support.installation import PASSWORD
from tests.use_cases.use_case_browser import UseCaseBrowser
from xpressbot.identity.outcomes import Denied, SignedIn
from xpressbot.identity.throttling.charges import ThrottleRefusal

NewVisitor = Callable[..., UseCaseBrowser]


def sign_in_and_lose_the_answer(visitor: UseCaseBrowser) -> SignedIn:
    """The server has done its part; the browser keeps the tokens it had. Gives what it never saw."""
    lost = visitor.identity.password_step.begin(visitor.email, PASSWORD, "/", visitor.client)
    assert isinstance(lost, SignedIn), lost
    return lost


def guess(stranger: UseCaseBrowser, times: int = 6) -> None:
    for _try in range(times):
        assert isinstance(stranger.begin("guess"), Denied)


def is_throttled(visitor: UseCaseBrowser) -> bool:
    outcome = visitor.begin()
    return isinstance(outcome, Denied) and outcome.reason is ThrottleRefusal.THROTTLED


def test_the_owner_gets_in_beside_a_guesser_although_an_answer_was_lost(visitor: UseCaseBrowser, new_visitor: NewVisitor) -> None:
    """Strangers have to wait; the browser that signed in before does not, by the token that it still holds."""
    visitor.sign_in()
    guess(new_visitor(address="203.0.113.66"))
    sign_in_and_lose_the_answer(visitor)
    assert is_throttled(new_visitor())
    assert isinstance(visitor.begin(), SignedIn)
    assert isinstance(visitor.begin(), SignedIn)


def test_the_lost_token_is_a_strangers_once_the_browser_has_another(visitor: UseCaseBrowser, new_visitor: NewVisitor) -> None:
    """Whoever caught the answer on its way can guess as little as anybody."""
    visitor.sign_in()
    thief = new_visitor(address="203.0.113.66")
    thief.device = sign_in_and_lose_the_answer(visitor).device
    visitor.sign_in()
    guess(new_visitor())
    assert is_throttled(thief)
    assert isinstance(visitor.begin(), SignedIn)


def test_wrong_passwords_count_together_under_both_tokens_of_a_browser(visitor: UseCaseBrowser, new_visitor: NewVisitor) -> None:
    """The older token is the same browser: it gives no second set of tries."""
    visitor.sign_in()
    older = new_visitor()
    older.device = visitor.device
    visitor.sign_in()
    guess(visitor, 3)
    guess(older, 2)
    assert is_throttled(visitor)
    assert is_throttled(older)
