"""Limits of a session."""

from dataclasses import replace
from typing import Any

import pytest

from xpressbot.foundation.times import DAY, HOUR, MINUTE, SECOND
from xpressbot.identity.sessions.rules.session import CODES_SHOWN_FOR, Session

NOW = 1_790_000_000 * SECOND
SESSION = Session("s", "a", frozenset({"pwd"}), NOW, NOW, NOW, NOW + 24 * HOUR, 0, None, 0)


@pytest.mark.parametrize(
    ("idle", "live"),
    [(0, True), (59 * MINUTE, True), (HOUR - 1, True), (HOUR, False), (61 * MINUTE, False), (-2 * MINUTE, True)],
)
def test_an_hour_without_use_ends_a_session(idle: int, *, live: bool) -> None:
    """Inactivity is counted from the last use; of two nodes, one may be two minutes behind the other."""
    assert live is SESSION.is_live(NOW + idle)


@pytest.mark.parametrize(("age", "live"), [(24 * HOUR - 1, True), (24 * HOUR, False), (24 * HOUR + SECOND, False)])
def test_a_day_ends_a_session_however_much_it_is_used(age: int, *, live: bool) -> None:
    """The absolute lifetime is not extended by use."""
    used = replace(SESSION, last_used_at=NOW + age)
    assert live is used.is_live(NOW + age)


@pytest.mark.parametrize("moment", ["authenticated_at", "proven_at", "last_used_at"])
@pytest.mark.parametrize(("ahead", "live"), [(0, True), (2 * MINUTE, True), (2 * MINUTE + 1, False), (365 * DAY, False)])
def test_a_session_is_dead_while_one_of_its_dates_lies_in_the_future(moment: str, ahead: int, *, live: bool) -> None:
    """Beginning, proof and last use: by more than two minutes, and it opens nothing."""
    dates: dict[str, Any] = {moment: NOW + ahead}
    dated = replace(SESSION, expires_at=NOW + 400 * DAY, **dates)
    assert (dated.is_live(NOW), dated.is_from_the_future(NOW)) == (live, not live)


@pytest.mark.parametrize(("ahead", "shown"), [(0, True), (2 * MINUTE, True), (2 * MINUTE + 1, False), (365 * DAY, False)])
def test_codes_that_were_shown_in_the_future_are_not_shown(ahead: int, *, shown: bool) -> None:
    """Their half hour would begin on a day that has not come."""
    showing = replace(SESSION, shown_set_id="set", codes_visible_until=NOW + ahead + CODES_SHOWN_FOR)
    assert (showing.shows_codes(NOW), showing.shows_codes_of("set", NOW)) == (shown, shown)


@pytest.mark.parametrize(("idle", "due"), [(0, False), (MINUTE - 1, False), (MINUTE, True), (-MINUTE, False)])
def test_the_last_use_is_due_once_a_minute(idle: int, *, due: bool) -> None:
    """A busy browser costs one write a minute."""
    assert due is SESSION.last_use_is_due(NOW + idle)


def test_the_level_is_computed_from_the_methods() -> None:
    """A session carries what was proven; its level follows from it."""
    assert SESSION.aal == 1
    assert replace(SESSION, amr=frozenset({"pwd", "otp"})).aal == 2
