"""The first day of a team: what the owner's dashboard lists until it is done, each by what there is."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import insert

from tests.http.conftest import both_engines
from tests.http.raw_requests import words
from tests.http.team_record import holding
from tests.support.browser import Browser
from tests.support.databases import SqliteTemplate
from tests.support.installation import Installation, install
from tests.support.people import protected
from tests.support.people import signed_in as person
from tests.use_cases.instrumentation import kinds, statements
from xpressbot.entrypoints.http.app import create_app
from xpressbot.foundation.times import HOUR
from xpressbot.identity.accounts.rules.roles import Role
from xpressbot.identity.audit.rules.event import TEAM
from xpressbot.identity.team.tables import INVITATION

STEPS = ("Enable 2FA", "Save your recovery codes", "Invite a colleague", "Set up mail")
HIDE = "/first-steps/hide"


@pytest.fixture
def mailing(tmp_path: Path, sqlite_template: SqliteTemplate) -> Iterator[Installation]:
    """An installation that sends mail."""
    directory = tmp_path / "mailing"
    directory.mkdir()
    installation = install(directory, sqlite_template.fresh(directory), smtp_url="smtp://127.0.0.1:1", mail_from="bot@example.com")
    yield installation
    installation.close()


def steps(browser: Browser) -> list[str]:
    """What the list on the dashboard names; none where there is no list."""
    page = browser.get("/")
    assert page.status_code == 200
    listed = page.text.partition('aria-labelledby="first-steps"')[2].partition("</section>")[0]
    return [step for step in STEPS if step in words(listed)]


@both_engines
def test_each_step_goes_once_it_is_done(installation: Installation, signed_in: Browser) -> None:
    """2FA with its confirmation, recovery codes with "Continue", the colleague with an account."""
    assert steps(signed_in) == list(STEPS)
    signed_in.enable_2fa()
    assert steps(signed_in) == list(STEPS[1:])
    signed_in.post("/account/2fa/recovery-codes/continue")
    assert steps(signed_in) == list(STEPS[2:])
    installation.add_account("berta@example.com", "Berta")
    assert steps(signed_in) == list(STEPS[3:])


@both_engines
def test_an_open_invitation_counts_and_an_expired_one_does_not(installation: Installation, signed_in: Browser) -> None:
    """Whoever invited."""
    now = installation.clock.now()
    row = {"id": "1" * 32, "email": "carl@example.com", "email_key": "carl@example.com", "role": "agent", "invited_at": now}
    with installation.services.database.write() as connection:
        connection.execute(insert(INVITATION).values(row | {"expires_at": now + HOUR}))
        connection.commit()
    assert "Invite a colleague" not in steps(signed_in)
    installation.clock.advance(minutes=59)
    assert "Invite a colleague" not in steps(signed_in)
    installation.clock.advance(minutes=1)
    assert "Invite a colleague" in steps(signed_in)


def test_with_a_mail_server_and_all_else_done_there_is_no_list(mailing: Installation) -> None:
    """It goes with its last entry."""
    owner = protected(mailing.services)
    browser = holding(Browser(create_app(mailing.services), mailing.clock), owner)
    assert steps(browser) == ["Invite a colleague"]
    mailing.add_account("berta@example.com", "Berta")
    assert "First steps" not in browser.get("/").text


def test_what_needs_2fa_is_no_link_before(signed_in: Browser) -> None:
    """The team's pages would refuse, and there are no codes yet."""
    listed = signed_in.get("/").text.partition('aria-labelledby="first-steps"')[2].partition("</section>")[0]
    assert 'href="/account"' in listed
    assert 'href="/team"' not in listed
    signed_in.enable_2fa()
    listed = signed_in.get("/").text.partition('aria-labelledby="first-steps"')[2].partition("</section>")[0]
    assert 'href="/team"' in listed
    assert 'href="/account/2fa/recovery-codes"' in listed


@both_engines
def test_an_owner_puts_the_list_away_for_good(installation: Installation, new_browser: Callable[..., Browser]) -> None:
    """For every owner. Admins have no list, and cannot put it away."""
    owner, other = (protected(installation.services, email, role=Role.OWNER) for email in ("anna@example.com", "olga@example.com"))
    admin = holding(new_browser(), protected(installation.services, "berta@example.com", role=Role.ADMIN))
    browser, recorded = holding(new_browser(), owner), kinds(installation, TEAM)
    assert steps(admin) == []
    assert admin.post(HIDE).status_code == 403
    assert steps(browser) == ["Set up mail"]
    assert browser.post(HIDE).headers["location"] == "/"
    assert steps(browser) == []
    assert steps(holding(new_browser(), other)) == []
    assert kinds(installation, TEAM) == recorded


@both_engines
def test_the_dashboard_of_others_sends_no_statement_more(installation: Installation, new_browser: Callable[..., Browser]) -> None:
    """Of an owner it is two, and one once the list was put away. One of each is the session with what the team asks."""
    owner = holding(new_browser(), protected(installation.services))
    agent = holding(new_browser(), protected(installation.services, "berta@example.com"))
    counts = []
    for browser in (owner, agent):
        with statements(installation) as sent:
            assert browser.get("/").status_code == 200
        counts.append(sum("installation" in statement or "SELECT recovery_code_set.saved_at" in statement for statement in sent))
    assert counts == [3, 1]
    owner.post(HIDE)
    with statements(installation) as sent:
        owner.get("/")
    assert sum("installation" in statement or "SELECT recovery_code_set.saved_at" in statement for statement in sent) == 2


def test_without_2fa_it_is_one_statement(installation: Installation) -> None:
    """There are no codes to ask about."""
    caller = person(installation.services)
    with statements(installation) as sent:
        assert len(installation.services.identity.first_steps.left(caller)) == len(STEPS)
    assert len(sent) == 1
