"""Rows that a newer version wrote: no page fails on them; what decides refuses, what only tells says that there is something else."""

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Table, update

from tests.http.conftest import Protected, both_engines
from tests.http.raw_requests import words
from tests.support import labels
from tests.support.authenticator_app import AuthenticatorApp
from tests.support.browser import Browser, otpauth_uri
from tests.support.command_line import Answer, Shell
from tests.support.installation import Installation
from tests.support.people import reset
from xpressbot.identity import tables

NEWER = "of_a_newer_one"
PAGES = (
    "/",
    "/account",
    "/account/history",
    "/account/2fa/apps",
    "/account/2fa/move",
    "/account/2fa/disable",
    "/account/2fa/recovery-codes",
)


def write(installation: Installation, table: Table, **values: object) -> None:
    """What a newer version would leave in all rows."""
    with installation.services.database.write() as connection:
        assert connection.execute(update(table).values(values)).rowcount
        connection.commit()


def run(installation: Installation, directory: Path, *arguments: str) -> Answer:
    """The command line on the same database."""
    settings, place = installation.services.settings, directory / "shell"
    place.mkdir(exist_ok=True)
    shell = Shell(place).with_settings(XPRESSBOT_DATABASE_URL=settings.url, XPRESSBOT_KEY_FILE=str(settings.key_file))
    return shell.run(*arguments)


def assert_all_pages_open(browser: Browser) -> None:
    for path in PAGES:
        assert browser.get(path).status_code in {200, 303}, path


@both_engines
def test_an_unknown_event_is_told_as_something_else(
    protected: Protected, new_browser: Callable[..., Browser], installation: Installation
) -> None:
    """In the activity, and as a notice, which can be acknowledged."""
    other = new_browser()
    other.sign_in()
    other.post("/sign-in/code", code=protected.phone.next_code())
    write(installation, tables.SECURITY_EVENT, kind=NEWER)
    write(installation, tables.NOTICE, kind=NEWER)
    page = other.get("/")
    notices, _rest, activity = words(page.text).partition(labels.RECENT_ACTIVITY)
    assert "Something else happened" in notices
    assert "Something else happened" in activity
    shown = page.text.partition('name="shown" value="')[2].partition('"')[0]
    other.post("/notices/seen", shown=shown)
    assert labels.SINCE_YOU_LAST_LOOKED not in words(other.get("/").text)
    assert_all_pages_open(other)


@both_engines
@pytest.mark.parametrize("details", [None, "{}"])
def test_notices_without_details_are_told_without_them(details: str | None, signed_in: Browser, installation: Installation) -> None:
    """They were erased, or are others than this version knows."""
    for kind in ("sign_in.password_guessing", "sign_in.stopped_at_second_factor", "two_factor.reset"):
        reset_notices(installation, kind, details)
        page = signed_in.get("/")
        assert page.status_code == 200, kind
        assert labels.SINCE_YOU_LAST_LOOKED in page.text


def reset_notices(installation: Installation, kind: str, details: str | None) -> None:
    """Make the account's first event a notice of this kind."""
    with installation.services.database.write() as connection:
        connection.execute(tables.NOTICE.delete())
        account_id = connection.execute(tables.ACCOUNT.select()).one().id
        connection.execute(tables.SECURITY_EVENT.update().where(tables.SECURITY_EVENT.c.seq == 1).values(kind=kind, details=details))
        row = {"account_id": account_id, "first_seq": 1, "last_seq": 1, "kind": kind, "count": 1, "several_places": False}
        connection.execute(tables.NOTICE.insert().values(row))
        connection.commit()


@both_engines
def test_an_unknown_status_is_not_active(
    protected: Protected, new_browser: Callable[..., Browser], installation: Installation, tmp_path: Path
) -> None:
    """Sessions and sign-ins end, the command line shows it and does not enable it; disabling is possible."""
    half_way, late = new_browser(), new_browser()
    half_way.sign_in()
    write(installation, tables.ACCOUNT, status=NEWER)
    assert protected.browser.who() is None
    assert protected.browser.get("/").headers["location"].startswith("/sign-in")
    assert late.sign_in().status_code == 401
    assert half_way.post("/sign-in/code", code=protected.phone.next_code()).headers["location"] == "/sign-in?reason=start_again"
    listed = run(installation, tmp_path, "accounts", "list")
    assert (listed.code, "of a newer version" in listed.out) == (0, True)
    refused = run(installation, tmp_path, "accounts", "enable", "anna@example.com")
    assert (refused.code, "A newer version of XpressBot gave this account its status" in refused.err) == (1, True)
    assert late.sign_in().status_code == 401
    assert run(installation, tmp_path, "accounts", "disable", "anna@example.com").out == "Account anna@example.com is disabled.\n"


@both_engines
def test_a_session_with_an_unknown_method_is_none(signed_in: Browser, installation: Installation) -> None:
    """Who knows what it proves: sign in again."""
    write(installation, tables.SESSION, amr=f"pwd {NEWER}")
    assert signed_in.who() is None
    assert signed_in.get("/account").headers["location"] == "/sign-in?next=/account"
    assert signed_in.post("/account/2fa/start").headers["location"] == "/sign-in?next=/account"
    assert signed_in.sign_in().headers["location"] == "/"


@both_engines
@pytest.mark.parametrize("newer", [{"amr": f"pwd {NEWER}"}, {"next_step": NEWER}])
def test_a_pending_sign_in_of_a_newer_version_starts_again(
    newer: dict[str, str], protected: Protected, pending: Browser, installation: Installation
) -> None:
    """Whether its methods or its next step are unknown."""
    write(installation, tables.PENDING_SIGN_IN, **newer)
    assert pending.get("/sign-in/code").headers["location"] == "/sign-in?reason=start_again"
    assert pending.get("/link/re-enrolment").headers["location"] == "/sign-in?reason=start_again"
    assert pending.post("/sign-in/code", code=protected.phone.next_code()).headers["location"] == "/sign-in?reason=start_again"
    assert pending.who() is None


@both_engines
def test_a_link_of_an_unknown_kind_opens_nothing(
    protected: Protected, new_browser: Callable[..., Browser], installation: Installation
) -> None:
    """As one that was used."""
    link = reset(installation.services)
    write(installation, tables.LINK, kind=NEWER)
    assert new_browser().get(f"/link/re-enrolment?token={link.text}").status_code == 410
    assert new_browser().get(f"/link/invite?token={link.text}").status_code == 410


@both_engines
@pytest.mark.parametrize("newer", [{"kind": NEWER}, {"state": NEWER}], ids=["kind", "state"])
def test_an_authenticator_of_a_newer_version_protects_and_proves_nothing(
    newer: dict[str, object], protected: Protected, new_browser: Callable[..., Browser], installation: Installation, tmp_path: Path
) -> None:
    """The password alone opens nothing; recovery codes do; the page and the command line show that there is something."""
    write(installation, tables.AUTHENTICATOR, **newer)
    browser = new_browser()
    assert browser.sign_in().headers["location"] == "/sign-in/code"
    assert browser.post("/sign-in/code", code=protected.phone.next_code()).status_code == 401
    assert browser.post("/sign-in/recovery-code", code=protected.codes[0]).headers["location"] == "/"
    assert_all_pages_open(browser)
    apps = words(browser.get("/account/2fa/apps").text)
    assert "Something else A newer version of XpressBot added this. This version cannot check it." in apps
    assert "2FA Enabled" in words(browser.get("/account").text)
    assert "enabled" in run(installation, tmp_path, "accounts", "list").out
    assert "2FA Enabled" in run(installation, tmp_path, "2fa", "status", "anna@example.com").out
    # Reset on a new phone lets it go, and the new app works.
    phone = _moved(browser)
    late = new_browser()
    late.sign_in()
    assert late.post("/sign-in/code", code=phone.next_code()).headers["location"] == "/"
    assert len(late.apps()) == 1


@both_engines
def test_a_reset_lets_go_what_a_newer_version_added(protected: Protected, installation: Installation, tmp_path: Path) -> None:
    """Nothing of it protects or opens the account afterwards."""
    write(installation, tables.AUTHENTICATOR, kind=NEWER, state=NEWER)
    answer = run(installation, tmp_path, "2fa", "reset", "anna@example.com", "--reason", "Phone lost")
    assert answer.code == 0
    with installation.services.database.read() as connection:
        assert {row.state for row in connection.execute(tables.AUTHENTICATOR.select())} == {"revoked"}


@both_engines
@pytest.mark.parametrize("newer", [{"kind": NEWER}, {"plan": NEWER}])
def test_a_set_up_of_a_newer_version_is_not_gone_on_with(newer: dict[str, str], signed_in: Browser, installation: Installation) -> None:
    """No one here knows what its code would do; a new one takes its place."""
    signed_in.post("/account/2fa/start")
    write(installation, tables.AUTHENTICATOR, **newer)
    assert signed_in.get("/account/2fa/setup").headers["location"] == "/account"
    assert signed_in.post("/account/2fa/start-over").headers["location"].partition("?")[0] == "/account"
    assert signed_in.post("/account/2fa/confirm", code="123456").headers["location"].partition("?")[0] == "/account"
    assert labels.CONTINUE_SET_UP not in signed_in.get("/account").text
    signed_in.enable_2fa()


def _moved(browser: Browser) -> AuthenticatorApp:
    browser.post("/account/2fa/start", app="", lost="no")
    phone = AuthenticatorApp(otpauth_uri(browser.get("/account/2fa/setup").text), browser.clock)
    assert browser.post("/account/2fa/confirm", code=phone.code()).status_code == 303
    return phone
