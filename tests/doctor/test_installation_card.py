"""The owner's dashboard tells what the doctor tells, and no other account's does."""

import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import text, update

from tests.doctor.conftest import sqlite_only
from tests.http.raw_requests import words
from tests.support.browser import Browser
from tests.support.installation import Installation, install, make_settings
from tests.support.optional import present
from tests.support.settable_system import SeededEntropy, SettableClock
from xpressbot.bootstrap import build
from xpressbot.diagnostics import observations
from xpressbot.diagnostics.background_check import BackgroundCheck, CheckResult
from xpressbot.diagnostics.check import Finding
from xpressbot.entrypoints.http.app import create_app
from xpressbot.foundation.clock_and_entropy import System
from xpressbot.foundation.database.transaction import Transactions
from xpressbot.foundation.mail import claims, outbox
from xpressbot.foundation.mail.outbox import MailState, NewMail, Priority
from xpressbot.identity.administration import installation_queries as queries
from xpressbot.identity.tables import ACCOUNT, RECOVERY_CODE


@pytest.fixture
def owner(installation: Installation, browser: Browser) -> Browser:
    """Anna, whose installation it is, signed in."""
    installation.add_account()
    assert browser.sign_in().headers["location"] == "/"
    return browser


WITHOUT_MAIL = "No mail server is set, so no notice can be mailed: people see notices when they sign in."


def card(browser: Browser) -> str:
    """What the dashboard says of the installation; nothing when it has no such card."""
    response = browser.get("/")
    assert response.status_code == 200
    section = response.text.partition('aria-labelledby="installation"')[2].partition("</section>")[0]
    return words(section.partition(">")[2])


def renewed_card(browser: Browser, installation: Installation) -> str:
    """The same, after the worker's jobs have made the checks."""
    installation.services.background_check.renew()
    return card(browser)


def use_up_codes(installation: Installation) -> None:
    with installation.services.database.write() as connection:
        connection.execute(update(RECOVERY_CODE).values(used_at=1))
        connection.commit()


@sqlite_only
def test_the_owner_reads_in_one_line_that_all_is_well(owner: Browser, installation: Installation) -> None:
    """With the time of the check, and how much it looked at."""
    said = renewed_card(owner, installation)
    assert said.startswith(f"Installation Nothing wrong was found. {WITHOUT_MAIL} Checked at ")
    assert said.endswith(" UTC. Nothing is encrypted yet.")
    owner.enable_2fa()
    assert renewed_card(owner, installation).endswith(" UTC, with all 11 encrypted secrets.")


@sqlite_only
def test_before_the_first_result_the_card_says_so_calmly(owner: Browser) -> None:
    """A page of a server that has just started makes no check by itself."""
    for _visit in range(2):
        assert card(owner) == f"Installation Not checked yet. Open this page again in a moment. {WITHOUT_MAIL}"


@sqlite_only
def test_no_other_account_sees_or_causes_the_checks(
    owner: Browser, installation: Installation, new_browser: Callable[..., Browser], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another account's dashboard has no such card, and makes no read over all accounts."""
    installation.add_account("berta@example.com", "Berta")
    berta = new_browser()
    assert berta.sign_in("berta@example.com").headers["location"] == "/"
    monkeypatch.setattr(type(installation.services.background_check), "last", None)
    page = berta.get("/")
    assert page.status_code == 200
    assert "xpressbot doctor" not in page.text
    assert 'id="installation"' not in page.text
    assert owner.get("/").status_code == 500


@sqlite_only
def test_findings_are_listed_with_their_remedies_errors_first(owner: Browser, installation: Installation) -> None:
    """What is a warning comes after what is an error; names stay text."""
    owner.enable_2fa()
    use_up_codes(installation)
    with installation.services.database.write() as connection:
        connection.execute(update(ACCOUNT).values(email="anna<script>@example.com"))
        connection.commit()
    ring = installation.services.settings.key_file
    ring.chmod(0o644)
    said = renewed_card(owner, installation)
    error, warning = f"Error: File modes The key ring {ring} can be read by others (mode 0644). Run: chmod 600", "Warning: Recovery codes"
    assert 0 < said.index(error) < said.index(warning)
    assert "anna<script>@example.com (0). Ask these people to make a new set" in said
    assert "<script>@" not in owner.get("/").text
    assert "Nothing wrong was found" not in said


@sqlite_only
def test_a_path_that_no_page_can_send_is_spelled_out(tmp_path: Path, database_url: str) -> None:
    """As the system hands over a name that is not UTF-8; what a terminal would obey is spelled out as well."""
    key_file = Path(os.fsdecode(os.fsencode(tmp_path) + b"/keys/k\xff\x1b.json"))
    installation = install(tmp_path, database_url, key_file=key_file)
    installation.add_account()
    owner = Browser(create_app(installation.services), installation.clock)
    assert owner.sign_in().headers["location"] == "/"
    key_file.chmod(0o644)
    said = renewed_card(owner, installation)
    installation.close()
    assert r"keys/k\udcff\x1b.json can be read by others" in said


@sqlite_only
def test_the_owner_reads_of_dead_letters_and_of_a_missing_mail_server(tmp_path: Path, database_url: str) -> None:
    """With a server, that line is gone."""
    installation = install(tmp_path, database_url, smtp_url="smtps://mail.example.com", mail_from="bot@example.com")
    installation.add_account()
    owner = Browser(create_app(installation.services), installation.clock)
    owner.sign_in()
    with Transactions(installation.services.database).writing() as tx:
        outbox.add(tx, "0" * 32, NewMail("notice", Priority.URGENT, None, {}, installation.clock.now()))
        mail = claims.claim(tx, installation.clock.now(), installation.clock.now())
        assert mail is not None
        claims.end(tx, mail, MailState.DEAD, installation.clock.now(), "recipient_refused")
        tx.commit()
    said = renewed_card(owner, installation)
    assert "Warning: Mail Mails that were given up (dead letters): 1." in said
    assert WITHOUT_MAIL not in said
    installation.close()


@sqlite_only
def test_notes_are_left_to_the_doctor(owner: Browser, installation: Installation) -> None:
    """What needs no action is not listed."""
    assert owner.post("/account/2fa/start").status_code == 303
    installation.clock.advance(minutes=11)
    assert "Nothing wrong was found" in renewed_card(owner, installation)


def test_a_ring_that_went_missing_under_a_running_service_is_told(owner: Browser, installation: Installation) -> None:
    """The file is looked at, not what the process remembers of it."""
    owner.enable_2fa()
    installation.services.settings.key_file.unlink()
    said = renewed_card(owner, installation)
    assert "Error: Key ring" in said
    assert "On the server, xpressbot doctor tells more." in said


@sqlite_only
def test_a_page_shows_the_last_result_and_makes_no_check(owner: Browser, installation: Installation) -> None:
    """What comes up meanwhile is told from the next one on."""
    assert "Nothing wrong was found" in renewed_card(owner, installation)
    installation.services.settings.key_file.chmod(0o644)
    installation.clock.advance(minutes=10)
    assert "Nothing wrong was found" in card(owner)
    assert "Error: File modes" in renewed_card(owner, installation)


def test_no_page_waits_for_checks_that_take_their_time() -> None:
    """While another one is made, the one before is there."""
    began, may_end = threading.Event(), threading.Event()

    def run_doctor() -> list[Finding]:
        began.set()
        assert may_end.wait(60)
        return []

    clock = SettableClock()
    background_check = BackgroundCheck(run_doctor, clock)
    may_end.set()
    background_check.renew()
    first = background_check.last()
    assert first == CheckResult(clock.now(), [])
    began.clear()
    may_end.clear()
    clock.advance(minutes=1)
    with ThreadPoolExecutor(1) as thread:
        renewed = thread.submit(background_check.renew)
        assert began.wait(60)
        assert background_check.last() is first
        may_end.set()
        renewed.result()
    assert background_check.last() == CheckResult(clock.now(), [])


@sqlite_only
def test_on_a_page_only_the_newest_secrets_are_tried(owner: Browser, installation: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of each kind so many, and the page says so."""
    monkeypatch.setattr(queries, "NEWEST_TRIED", 3)
    owner.enable_2fa()
    with installation.services.database.write() as connection:
        oldest = text("UPDATE recovery_code SET shown_copy = x'00' WHERE id = (SELECT min(id) FROM recovery_code)")
        connection.execute(oldest)
        connection.commit()
    assert "The newest 4 encrypted secrets were tried; on the server, xpressbot doctor looks at everything." in renewed_card(
        owner, installation
    )
    monkeypatch.setattr(queries, "NEWEST_TRIED", 10)
    assert "1 of 11 encrypted secrets cannot be decrypted" in renewed_card(owner, installation)


@sqlite_only
@pytest.mark.parametrize("broken", ["a bug", "the database"])
def test_a_check_that_breaks_leaves_the_page_whole(
    owner: Browser, installation: Installation, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    """It is told as a finding of each check that asked; the rest of the page and of the checks is there."""
    if broken == "a bug":
        monkeypatch.setattr(observations, "newest", None)
    else:
        with installation.services.database.write() as connection:
            connection.execute(text("DROP TABLE observation"))
            connection.commit()
    said = renewed_card(owner, installation)
    assert said.count("Error: ") == 2
    assert "Error: Forwarded headers This could not be checked: " in said


@sqlite_only
def test_the_server_counts_its_own_workers(tmp_path: Path, database_url: str) -> None:
    """What it needs of the database's connections is all its workers' threads."""
    services = build(make_settings(tmp_path, database_url), workers=2, system=System(SettableClock(), SeededEntropy()), durable=False)
    services.background_check.renew()
    (facts,) = (finding.facts for finding in present(services.background_check.last()).findings if finding.check == "connections")
    services.close()
    assert facts == {"workers": 2, "threads": services.pools.threads, "needed": 2 * services.pools.threads}
