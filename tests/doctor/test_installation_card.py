"""The owner's dashboard tells what the doctor tells, and nobody else's does."""

from collections.abc import Callable

import pytest
from fastapi import FastAPI
from sqlalchemy import text, update

from tests.doctor.conftest import sqlite_only
from tests.http.sending import words
from tests.support.browser import Browser
from tests.support.installation import Installation
from xpressbot.entrypoints.diagnosis import FRESH_FOR
from xpressbot.foundation.diagnosis import network
from xpressbot.identity.adapters.database.tables import ACCOUNT, RECOVERY_CODE
from xpressbot.identity.application import survey
from xpressbot.identity.domain.instant import SECOND


@pytest.fixture
def owner(installation: Installation, browser: Browser) -> Browser:
    """Anna, whose installation it is, signed in."""
    installation.add_account()
    assert browser.sign_in().headers["location"] == "/"
    return browser


def card(browser: Browser) -> str:
    """What the dashboard says of the installation; nothing when it has no such card."""
    response = browser.get("/")
    assert response.status_code == 200
    section = response.text.partition('aria-labelledby="installation"')[2].partition("</section>")[0]
    return words(section.partition(">")[2])


def use_up_codes(installation: Installation) -> None:
    with installation.house.database.write() as connection:
        connection.execute(update(RECOVERY_CODE).values(used_at=1))
        connection.commit()


@sqlite_only
def test_the_owner_reads_in_one_line_that_all_is_well(owner: Browser) -> None:
    """With the time of the check, and how much it looked at."""
    said = card(owner)
    assert said.startswith("Installation All is well. Checked at ")
    assert said.endswith(" UTC, with all 0 sealed secrets.")


@sqlite_only
def test_nobody_else_sees_or_causes_an_examination(
    owner: Browser, installation: Installation, new_browser: Callable[..., Browser], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another account's dashboard has no such card, and makes no read over all accounts."""
    installation.add_account("berta@example.com", "Berta")
    berta = new_browser()
    assert berta.sign_in("berta@example.com").headers["location"] == "/"
    monkeypatch.setattr(type(installation.house.check_up), "result", None)
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
    with installation.house.database.write() as connection:
        connection.execute(update(ACCOUNT).values(email="anna<script>@example.com"))
        connection.commit()
    ring = installation.house.settings.key_file
    ring.chmod(0o644)
    said = card(owner)
    error, warning = f"Error: File modes The key ring {ring} can be read by others (mode 0644). Run: chmod 600", "Warning: Recovery codes"
    assert 0 < said.index(error) < said.index(warning)
    assert "anna<script>@example.com (0). Ask these people to make a new set" in said
    assert "<script>@" not in owner.get("/").text
    assert "All is well" not in said


@sqlite_only
def test_notes_are_left_to_the_doctor(owner: Browser, installation: Installation) -> None:
    """What calls for nobody is not listed."""
    assert owner.post("/account/2fa/start").status_code == 303
    installation.clock.advance(minutes=11)
    assert "All is well" in card(owner)


def test_a_ring_that_went_missing_under_a_running_service_is_told(owner: Browser, installation: Installation) -> None:
    """The file is looked at, not what the process remembers of it."""
    owner.enable_2fa()
    installation.house.settings.key_file.unlink()
    said = card(owner)
    assert "Error: Key ring" in said
    assert "On the server, xpressbot doctor tells more." in said


@sqlite_only
def test_one_examination_serves_for_a_minute(owner: Browser, installation: Installation) -> None:
    """What comes up meanwhile is seen afterwards; a clock that was set back does not keep an old one for ever."""
    assert "All is well" in card(owner)
    installation.house.settings.key_file.chmod(0o644)
    installation.clock.advance(seconds=FRESH_FOR / SECOND - 1)
    assert "All is well" in card(owner)
    installation.clock.advance(seconds=1)
    assert "Error: File modes" in card(owner)
    installation.house.settings.key_file.chmod(0o600)
    installation.clock.advance(seconds=-30)
    assert "Error: File modes" not in card(owner)


@sqlite_only
def test_on_a_page_only_the_newest_secrets_are_tried(owner: Browser, installation: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of each kind so many, and the page says so."""
    monkeypatch.setattr(survey, "NEWEST_TRIED", 3)
    owner.enable_2fa()
    with installation.house.database.write() as connection:
        oldest = text("UPDATE recovery_code SET box = x'00' WHERE id = (SELECT min(id) FROM recovery_code)")
        connection.execute(oldest)
        connection.commit()
    assert "Of 11 sealed secrets, the newest 4 were tried; on the server, xpressbot doctor tries all." in card(owner)
    monkeypatch.setattr(survey, "NEWEST_TRIED", 10)
    installation.clock.advance(minutes=1)
    assert "1 of 11 sealed secrets do not open" in card(owner)


@sqlite_only
@pytest.mark.parametrize("broken", ["a bug", "the database"])
def test_a_check_that_breaks_leaves_the_page_whole(
    owner: Browser, installation: Installation, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    """It is told as a finding of its own; the rest of the page and of the checks is there."""
    if broken == "a bug":
        monkeypatch.setattr(network, "check_forwarded_headers", None)
    else:
        with installation.house.database.write() as connection:
            connection.execute(text("DROP TABLE observation"))
            connection.commit()
    said = card(owner)
    assert said.count("Error: ") == 1
    assert "Error: Forwarded headers This could not be checked: " in said


def test_the_server_counts_its_own_workers(owner: Browser, installation: Installation, app: FastAPI) -> None:
    """What it needs of the database's connections is its pools' threads."""
    findings = {finding.check.value: finding for finding in installation.house.check_up.result().findings}
    assert findings["connections"].facts["needed"] == installation.house.pools.threads
