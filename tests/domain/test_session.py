"""Limits of a session."""

from dataclasses import replace

import pytest

from xpressbot.identity.domain.assurance import Method
from xpressbot.identity.domain.instant import HOUR, MINUTE, SECOND
from xpressbot.identity.domain.session import Session

NOW = 1_790_000_000 * SECOND
SESSION = Session("s", "a", frozenset({Method.PASSWORD}), NOW, NOW, NOW, NOW + 24 * HOUR, 0, None, 0)


@pytest.mark.parametrize(
    ("idle", "live"),
    [(0, True), (59 * MINUTE, True), (HOUR - 1, True), (HOUR, False), (61 * MINUTE, False), (-1 * HOUR, True)],
)
def test_an_hour_without_use_ends_a_session(idle: int, *, live: bool) -> None:
    """Inactivity is counted from the last use; a clock that was set back ends nothing."""
    assert live is SESSION.is_live(NOW + idle)


@pytest.mark.parametrize(("age", "live"), [(24 * HOUR - 1, True), (24 * HOUR, False), (24 * HOUR + SECOND, False)])
def test_a_day_ends_a_session_however_much_it_is_used(age: int, *, live: bool) -> None:
    """The absolute lifetime is not extended by use."""
    used = replace(SESSION, last_used_at=NOW + age)
    assert live is used.is_live(NOW + age)


@pytest.mark.parametrize(("idle", "due"), [(0, False), (MINUTE - 1, False), (MINUTE, True), (-MINUTE, False)])
def test_the_last_use_is_due_once_a_minute(idle: int, *, due: bool) -> None:
    """A busy browser costs one write a minute."""
    assert due is SESSION.last_use_is_due(NOW + idle)


def test_the_level_is_computed_from_the_methods() -> None:
    """A session carries what was proven; its level follows from it."""
    assert SESSION.aal == 1
    assert replace(SESSION, amr=frozenset({Method.PASSWORD, Method.TOTP})).aal == 2
