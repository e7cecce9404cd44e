"""How long rows are kept after their day."""

from http.cookies import SimpleCookie

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.responses import Response

from xpressbot.entrypoints.http.cookies import Cookie, Cookies
from xpressbot.foundation.identifiers import bound_of_identifiers, identifier
from xpressbot.foundation.settings import Settings
from xpressbot.foundation.times import DAY, SECOND
from xpressbot.foundation.tokens import Token
from xpressbot.identity.expiry import rules as retention
from xpressbot.identity.expiry.rules import Transient, cutoff
from xpressbot.identity.sessions.rules import known_browser as device
from xpressbot.identity.sessions.rules import session
from xpressbot.identity.sign_in.rules import pending as pending_sign_in
from xpressbot.identity.throttling import rules as throttle

NOW = 1_790_000_000 * SECOND
times = st.integers(-(2**20), 2**50)
LIVES = {
    Transient.SESSION: (session.ABSOLUTE_LIFETIME, retention.SESSION_KEPT),
    Transient.PENDING_SIGN_IN: (pending_sign_in.LIFETIME, retention.PENDING_SIGN_IN_KEPT),
    Transient.LINK: (0, retention.LINK_KEPT),
    Transient.ENROLMENT: (0, retention.ENROLMENT_KEPT),
    Transient.KNOWN_BROWSER: (0, device.LIFETIME),
    Transient.NETWORK_COUNT: (0, retention.NETWORK_COUNT_KEPT),
    Transient.PASSWORD_COUNT: (0, retention.PASSWORD_COUNT_KEPT),
    Transient.STRANGER_COUNT: (0, throttle.FORGOTTEN_AFTER),
    Transient.LINK_COUNT: (0, retention.LINK_COUNT_KEPT),
    Transient.STEP_UP_COUNT: (0, retention.STEP_UP_COUNT_KEPT),
    Transient.ENROLMENT_COUNT: (0, retention.ENROLMENT_COUNT_KEPT),
}


@pytest.mark.parametrize("kind", Transient)
def test_a_row_goes_when_it_has_been_kept_long_enough_and_not_before(kind: Transient) -> None:
    """What ended so long ago, and so was made before that."""
    life, kept = LIVES[kind]
    assert (cutoff(kind, NOW).ended_by, cutoff(kind, NOW).made_by) == (NOW - kept, NOW - kept - life)
    assert kept > 0


def test_counts_outlive_their_waits() -> None:
    """Waiting until a count is forgotten is never quicker than waiting as one is told."""
    assert max(throttle.ADDRESS.longest_delay, throttle.ADDRESS.window or 0) <= retention.NETWORK_COUNT_KEPT
    assert max(throttle.LINK.longest_delay, throttle.LINK.window or 0) <= retention.LINK_COUNT_KEPT
    for policy, kept in ((throttle.PASSWORD, retention.PASSWORD_COUNT_KEPT), (throttle.STRANGERS, throttle.FORGOTTEN_AFTER)):
        free_tries_a_day = policy.free * DAY / kept
        assert free_tries_a_day < DAY / policy.longest_delay


def test_a_completed_sign_in_is_known_for_as_long_as_the_browser_has_its_cookie() -> None:
    """A second click is answered as one, and not as a sign-in that no one knows."""
    response = Response()
    Cookies(Settings()).set(response, Cookie.SIGN_IN, Token(bytes(32)))
    cookie = next(iter(SimpleCookie(response.headers["set-cookie"]).values()))
    assert int(cookie["max-age"]) * SECOND <= retention.PENDING_SIGN_IN_KEPT + pending_sign_in.LIFETIME


@given(times, st.integers(0, 2**50), st.binary(min_size=10, max_size=10))
def test_the_bound_comes_after_what_was_made_by_then_and_before_what_came_later(made_by: int, made_at: int, drawn: bytes) -> None:
    """To the millisecond, which is what an identifier knows of its time."""
    assert (identifier(made_at, drawn) < bound_of_identifiers(made_by)) == (made_at // 1000 <= made_by // 1000)


@given(times)
def test_the_bound_has_the_form_of_an_identifier(made_by: int) -> None:
    """Also while a clock stands at the beginning of 1970."""
    bound = bound_of_identifiers(made_by)
    assert len(bound) == 32
    assert set(bound) <= set("0123456789abcdef")
