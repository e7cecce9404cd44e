"""What a history can be asked for."""

from datetime import UTC, datetime

import pytest

from xpressbot.foundation.times import SECOND
from xpressbot.identity.audit.rules.event import EventGroup, EventKind
from xpressbot.identity.audit.rules.history import HistoryFilter, beginning_of_day, event_number


def test_every_kind_of_event_is_in_exactly_one_group() -> None:
    """None is lost by asking for all groups, one after the other; and no group is empty."""
    kinds = [HistoryFilter(group).kinds or frozenset() for group in EventGroup]
    assert all(kinds)
    assert sum(map(len, kinds)) == len(EventKind)
    assert HistoryFilter().kinds is None


@pytest.mark.parametrize("day", ["1970-01-01", "2026-11-30", "2024-02-29", "1969-12-31", "0001-01-01", "9999-12-31"])
def test_a_day_begins_at_midnight_utc(day: str) -> None:
    """Also before 1970, and at the ends of the calendar."""
    expected = datetime.fromisoformat(day).replace(tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    assert beginning_of_day(day) == expected.days * 86_400 * SECOND


@pytest.mark.parametrize(
    "text", ["", "2026-02-30", "2025-02-29", "0000-01-01", "20261130", "2026-W48-1", "30.11.2026", "2026-11-3", "x" * 999]
)
def test_what_is_no_day_is_refused(text: str) -> None:
    """Impossible ones, and other spellings."""
    assert beginning_of_day(text) is None


@pytest.mark.parametrize("text", ["", "0", "-1", "+5", "1.5", "seven", "2147483648", "9" * 4000, "\u0663", " 7"])
def test_what_no_event_can_have_is_no_number(text: str) -> None:
    """Nothing reaches the database that its column cannot hold."""
    assert event_number(text) is None
    assert event_number("2147483647") == 2_147_483_647
