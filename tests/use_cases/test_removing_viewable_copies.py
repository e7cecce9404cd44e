"""Where recovery codes may be shown once only, their copies go in time, in small steps."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from tests.support.installation import Installation, install
from tests.support.people import protected
from tests.use_cases.instrumentation import statements
from tests.use_cases.use_case_browser import UseCaseBrowser
from xpressbot.identity.factors.recovery_codes import use_cases as recovery_codes
from xpressbot.identity.tables import RECOVERY_CODE


@pytest.fixture
def installation(tmp_path: Path, database_url: str) -> Iterator[Installation]:
    installation = install(tmp_path, database_url, recovery_codes_viewable=False)
    yield installation
    installation.close()


def test_copies_stay_to_the_last_moment_at_which_they_are_shown(installation: Installation, visitor: UseCaseBrowser) -> None:
    """Not a millisecond less; and two milliseconds later they are gone."""
    visitor.sign_in().enable()
    installation.clock.advance(minutes=30, seconds=-1e-6)
    installation.services.identity.recovery_codes.forget_unsaved()
    assert visitor.codes()
    installation.clock.advance(seconds=0.002)
    installation.services.identity.recovery_codes.forget_unsaved()
    assert boxes(installation) == {None}


def test_many_sets_go_a_few_at_a_time(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    """Seven sets in steps of three are three transactions; a set that was forgotten is not looked at again."""
    monkeypatch.setattr(recovery_codes, "SETS_AT_A_TIME", 3)
    for number in range(7):
        protected(installation.services, f"person{number}@example.com", saves_codes=False)
    installation.clock.advance(minutes=31)
    with statements(installation) as sent:
        installation.services.identity.recovery_codes.forget_unsaved()
    assert [statement.split()[0] for statement in sent] == ["SELECT", "UPDATE"] * 3 + ["SELECT"]
    assert boxes(installation) == {None}
    with statements(installation) as sent:
        installation.services.identity.recovery_codes.forget_unsaved()
    assert [statement.split()[0] for statement in sent] == ["SELECT"]


def test_a_set_that_was_kept_costs_a_look(installation: Installation, visitor: UseCaseBrowser) -> None:
    """Its copies went with "Continue", so that nothing is written."""
    visitor.sign_in().enable()
    visitor.keep_codes()
    installation.clock.advance(minutes=31)
    with statements(installation) as sent:
        installation.services.identity.recovery_codes.forget_unsaved()
    assert [statement.split()[0] for statement in sent] == ["SELECT", "SELECT"]


def test_sets_made_after_the_clock_was_set_back_lose_their_copies_too(installation: Installation) -> None:
    """Although their ids come before those that were looked at."""
    protected(installation.services, saves_codes=False)
    installation.clock.advance(minutes=31)
    installation.services.identity.recovery_codes.forget_unsaved()
    installation.clock.advance(hours=-2)
    installation.services.identity.recovery_codes.forget_unsaved()
    protected(installation.services, "berta@example.com", saves_codes=False)
    assert boxes(installation) != {None}
    installation.clock.advance(minutes=31)
    installation.services.identity.recovery_codes.forget_unsaved()
    assert boxes(installation) == {None}


def boxes(installation: Installation) -> set[bytes | None]:
    with installation.services.database.read() as connection:
        return set(connection.execute(select(RECOVERY_CODE.c.shown_copy)).scalars())
