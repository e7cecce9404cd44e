"""When something breaks in the middle of a sign-in, no one gets in, and the page is honest (ASVS 16.5.3)."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import text

from tests.http.conftest import Protected, both_engines
from tests.http.raw_requests import PENDING_COOKIE, SESSION_COOKIE, rows, set_cookies, tries
from tests.support.browser import Browser
from tests.support.installation import Installation

NEEDED_AT_THE_CODE = [
    "throttle_bucket",
    "pending_sign_in",
    "account",
    "authenticator",
    "totp_authenticator",
    "session",
    "known_browser",
    "security_event",
    "chain_head",
]


@contextmanager
def without_table(installation: Installation, name: str) -> Iterator[None]:
    """The table is gone meanwhile, and the driver says so."""
    _run(installation, f"ALTER TABLE {name} RENAME TO {name}_away")
    try:
        yield
    finally:
        _run(installation, f"ALTER TABLE {name}_away RENAME TO {name}")


def _run(installation: Installation, statement: str, **values: object) -> None:
    with installation.services.database.engine.begin() as connection:
        connection.execute(text(statement), values)


def sessions(installation: Installation) -> int:
    return len(rows(installation, "session"))


@both_engines
@pytest.mark.parametrize("table", NEEDED_AT_THE_CODE)
def test_a_right_code_gives_no_session_while_a_table_is_missing(
    table: str, installation: Installation, protected: Protected, pending: Browser
) -> None:
    """5xx and no cookie; nothing is consumed, so that the same code signs in once the table is back."""
    code = protected.phone.next_code()
    before = sessions(installation)
    pending.form_for("/sign-in/code")  # the page is open before the table goes
    with without_table(installation, table):
        response = pending.post("/sign-in/code", code=code)
    assert response.status_code in {500, 503}
    assert set_cookies(response) == {}
    assert not re.search(r"Traceback|no such table|does not exist|SELECT|INSERT|UPDATE", response.text)
    assert sessions(installation) == before
    assert pending.who() is None
    charged = 0 if table in {"throttle_bucket", "pending_sign_in", "account"} else 1
    assert tries(installation, "totp:") == charged
    assert pending.post("/sign-in/code", code=code).headers["location"] == "/"


@both_engines
@pytest.mark.parametrize("table", ["throttle_bucket", "account", "session", "security_event", "pending_sign_in"])
def test_a_right_password_gives_nothing_while_a_table_is_missing(
    table: str, installation: Installation, protected: Protected, new_browser: Callable[..., Browser]
) -> None:
    """Neither a session (2FA off) nor a pending sign-in (2FA on)."""
    installation.add_account("peter@example.com", "Peter")
    for email in ("anna@example.com", "peter@example.com"):
        if (email, table) in {("anna@example.com", "session"), ("anna@example.com", "security_event")}:
            continue  # a pending sign-in writes neither
        if (email, table) == ("peter@example.com", "pending_sign_in"):
            continue
        browser = new_browser()
        with without_table(installation, table):
            response = browser.sign_in(email)
        assert response.status_code in {500, 503}
        assert not {SESSION_COOKIE, PENDING_COOKIE} & set(set_cookies(response))
        assert browser.who() is None
    assert protected.browser.who() is not None


@both_engines
@pytest.mark.parametrize("damage", ["swapped with another account's", "one bit flipped", "cut short", "empty"])
def test_a_secret_that_cannot_be_decrypted_lets_no_one_in(
    damage: str, installation: Installation, protected: Protected, new_browser: Callable[..., Browser]
) -> None:
    """Two people's secrets swapped, or one damaged: an honest 500, no session, and the try stays counted."""
    installation.add_account("peter@example.com", "Peter")
    peter = new_browser()
    peter.sign_in("peter@example.com")
    phone = peter.enable_2fa()
    first, second = rows(installation, "totp_authenticator")
    secret = {
        "swapped with another account's": second["secret"],
        "one bit flipped": first["secret"][:-1] + bytes([first["secret"][-1] ^ 1]),
        "cut short": first["secret"][:20],
        "empty": b"",
    }[damage]
    _run(installation, "UPDATE totp_authenticator SET secret = :secret WHERE id = :id", secret=secret, id=first["id"])
    _run(installation, "UPDATE totp_authenticator SET secret = :secret WHERE id = :id", secret=first["secret"], id=second["id"])
    before = sessions(installation)
    installation.clock.advance(seconds=60)
    for email, code in {"anna@example.com": protected.phone.code(), "peter@example.com": phone.code()}.items():
        for tried in (code, protected.phone.code(), phone.code()):
            browser = new_browser()
            browser.sign_in(email)
            response = browser.post("/sign-in/code", code=tried)
            assert response.status_code == 500
            assert "This is a fault in XpressBot, and it was logged" in response.text
            assert set_cookies(response) == {}
            assert browser.who() is None
    assert sessions(installation) == before
    assert tries(installation, "totp:") == 6


def test_a_damaged_secret_at_the_step_up_gives_no_fresh_proof(installation: Installation, protected: Protected) -> None:
    """The session lives on as it was, and must still confirm who it is; the try is counted."""
    installation.clock.advance(minutes=6)
    _run(installation, "UPDATE totp_authenticator SET secret = :secret", secret=b"\x01nothing")
    response = protected.browser.post("/account/confirm-identity", password="violet-anchor-meadow-kettle", code=protected.phone.code())
    assert (response.status_code, set_cookies(response)) == (500, {})
    assert protected.browser.who() is not None
    assert protected.browser.post("/account/2fa/disable").headers["location"] == "/account/confirm-identity?next=/account/2fa/disable"
    assert tries(installation, "step_up:") == 1


def test_while_the_database_is_away_every_page_says_so_and_signs_no_one_out(
    installation: Installation, protected: Protected, pending: Browser, tmp_path: Path
) -> None:
    """503 with Retry-After, no cookie touched; alive but not ready; all goes on when it is back."""
    file = tmp_path / "xpressbot.sqlite3"
    installation.services.database.dispose()
    file.rename(tmp_path / "away")
    file.mkdir()
    answers = [
        protected.browser.get("/account"),
        protected.browser.get("/api/v1/session"),
        protected.browser.post("/account/2fa/disable"),
        pending.post("/sign-in/code", code=protected.phone.next_code()),
        pending.sign_in(),
    ]
    for response in answers:
        assert (response.status_code, response.headers["retry-after"]) == (503, "5")
        assert set_cookies(response) == {}
    assert "You are not signed out" in answers[0].text
    assert answers[1].json()["code"] == "unavailable"
    assert pending.get("/healthz").status_code == 200
    assert pending.get("/readyz").status_code == 503
    installation.services.database.dispose()
    file.rmdir()
    (tmp_path / "away").rename(file)
    assert pending.get("/readyz").status_code == 200
    assert protected.browser.get("/account").status_code == 200
    assert pending.post("/sign-in/code", code=protected.phone.code()).headers["location"] == "/"
