"""How long rows are kept after their day."""

from http.cookies import SimpleCookie

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.responses import Response

from tests.support.many_accounts import EXPIRING
from xpressbot.entrypoints.http.cookies import Cookie, Cookies
from xpressbot.foundation.identifiers import bound_of_identifiers, identifier
from xpressbot.foundation.mail import retention as of_mail
from xpressbot.foundation.mail.claims import LOW_WINDOW
from xpressbot.foundation.settings import Settings
from xpressbot.foundation.times import DAY, SECOND
from xpressbot.foundation.tokens import Token
from xpressbot.identity.accounts import retention as of_accounts
from xpressbot.identity.factors import retention as of_factors
from xpressbot.identity.factors.kind import Kinds
from xpressbot.identity.links import retention as of_links
from xpressbot.identity.passwords.forgotten import MAILS_WINDOW
from xpressbot.identity.sessions import retention as of_sessions
from xpressbot.identity.sessions.rules import known_browser as device
from xpressbot.identity.sessions.rules import session
from xpressbot.identity.sign_in import retention as of_sign_in
from xpressbot.identity.sign_in.rules import pending as pending_sign_in
from xpressbot.identity.team import retention as of_team
from xpressbot.identity.throttling import retention as of_throttling
from xpressbot.identity.throttling import rules as throttle
from xpressbot.identity.use_cases import expiring_rows

NOW = 1_790_000_000 * SECOND
times = st.integers(-(2**20), 2**50)
LIVES = {
    "sessions": (session.ABSOLUTE_LIFETIME, of_sessions.SESSION_KEPT),
    "pending_sign_ins": (pending_sign_in.LIFETIME, of_sign_in.PENDING_SIGN_IN_KEPT),
    "links": (None, of_links.LINK_KEPT),
    "enrolments": (None, of_factors.ENROLMENT_KEPT),
    "known_browsers": (0, device.LIFETIME),
    "network_counts": (None, of_throttling.NETWORK_COUNT_KEPT),
    "password_counts": (None, of_sign_in.PASSWORD_COUNT_KEPT),
    "stranger_counts": (None, throttle.FORGOTTEN_AFTER),
    "link_counts": (None, of_throttling.LINK_COUNT_KEPT),
    "new_password_counts": (None, of_throttling.NEW_PASSWORD_COUNT_KEPT),
    "password_request_counts": (None, of_throttling.PASSWORD_REQUEST_COUNT_KEPT),
    "email_link_counts": (None, of_throttling.EMAIL_LINK_COUNT_KEPT),
    "invitation_counts": (None, of_throttling.INVITATION_COUNT_KEPT),
    "reset_request_counts": (None, of_throttling.RESET_REQUEST_COUNT_KEPT),
    "invitations": (None, of_team.INVITATION_KEPT),
    "export_counts": (None, of_throttling.EXPORT_COUNT_KEPT),
    "reserved_addresses": (None, of_accounts.RESERVED_ADDRESS_KEPT),
    "step_up_counts": (None, of_sessions.STEP_UP_COUNT_KEPT),
    "sent_mails": (0, of_mail.SENT_KEPT),
    "low_priority_mails": (0, of_mail.LOW_KEPT),
    "dead_letters": (0, of_mail.DEAD_KEPT),
    "enrolment_counts": (None, of_factors.ENROLMENT_COUNT_KEPT),
}


@pytest.mark.parametrize("name", LIVES)
def test_a_row_goes_when_it_has_been_kept_long_enough_and_not_before(name: str) -> None:
    """What ended so long ago, and so was made before that."""
    life, kept = LIVES[name]
    assert (EXPIRING[name].lifetime, EXPIRING[name].ended_by(NOW)) == (life, NOW - kept)
    assert kept > 0


def test_each_kind_of_rows_has_a_name_of_its_own() -> None:
    """Logs tell them apart by it, and a walk remembers by it how far it has come."""
    assert sorted(LIVES) == sorted(rows.name for rows in expiring_rows(Kinds((), ())))


def test_counts_outlive_their_waits() -> None:
    """Waiting until a count is forgotten is never quicker than waiting as one is told."""
    assert max(throttle.ADDRESS.longest_delay, throttle.ADDRESS.window or 0) <= of_throttling.NETWORK_COUNT_KEPT
    assert max(throttle.LINK.longest_delay, throttle.LINK.window or 0) <= of_throttling.LINK_COUNT_KEPT
    for policy, kept in ((throttle.PASSWORD, of_sign_in.PASSWORD_COUNT_KEPT), (throttle.STRANGERS, throttle.FORGOTTEN_AFTER)):
        free_tries_a_day = policy.free * DAY / kept
        assert free_tries_a_day < DAY / policy.longest_delay


def test_mails_are_kept_for_as_long_as_they_are_counted() -> None:
    """Those to one address, and those to all."""
    assert max(MAILS_WINDOW, LOW_WINDOW) <= of_mail.LOW_KEPT


def test_a_completed_sign_in_is_known_for_as_long_as_the_browser_has_its_cookie() -> None:
    """A second click is answered as one, and not as a sign-in that no one knows."""
    response = Response()
    Cookies(Settings()).set(response, Cookie.SIGN_IN, Token(bytes(32)))
    cookie = next(iter(SimpleCookie(response.headers["set-cookie"]).values()))
    assert int(cookie["max-age"]) * SECOND <= of_sign_in.PENDING_SIGN_IN_KEPT + pending_sign_in.LIFETIME


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
