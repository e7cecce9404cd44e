"""The profile: another name, and closing the account."""

from collections.abc import Callable

import pytest
from sqlalchemy import select

from tests.http.conftest import Protected, both_engines
from tests.http.raw_requests import words
from tests.support.browser import Browser
from tests.support.installation import Installation
from xpressbot.entrypoints.http.app import create_app
from xpressbot.identity.tables import ACCOUNT, LINK, RECOVERY_CODE, SECURITY_EVENT, TOTP_AUTHENTICATOR

BEN = "ben@example.com"


@pytest.fixture
def ben(signed_in: Browser, installation: Installation) -> Browser:
    """Signed in to an account that is not the owner's."""
    installation.add_account(BEN, "Ben Falk")
    browser = Browser(create_app(installation.services), installation.clock)
    browser.sign_in(email=BEN)
    return browser


@both_engines
def test_a_new_name_is_on_every_page(signed_in: Browser) -> None:
    """It is kept as the first one was: normalised, and shown as text."""
    assert signed_in.post("/account/profile", name="  Anna <b>Berg</b>-Lund ").headers["location"] == "/account"
    assert "Anna &lt;b&gt;Berg&lt;/b&gt;-Lund" in signed_in.get("/account").text
    assert signed_in.me()["account"]["name"] == "Anna <b>Berg</b>-Lund"


@pytest.mark.parametrize("spelling", ["Anna Berg", "  Anna   Berg "])
def test_the_name_that_the_account_has_already_is_no_change(spelling: str, signed_in: Browser, installation: Installation) -> None:
    """The form is answered as any other, and the history tells of nothing."""

    def recorded() -> list[str]:
        with installation.services.database.read() as connection:
            return list(connection.execute(select(SECURITY_EVENT.c.kind)).scalars())

    before = recorded()
    assert signed_in.post("/account/profile", name=spelling).headers["location"] == "/account"
    assert recorded() == before


@pytest.mark.parametrize("name", ["", "   ", "x" * 101, "Anna\x00", "\u202eAnna"])
def test_a_name_that_cannot_be_kept_is_said_beside_the_field(name: str, signed_in: Browser) -> None:
    """The account keeps the one it has."""
    answer = signed_in.post("/account/profile", name=name)
    assert (answer.status_code, signed_in.me()["account"]["name"]) == (422, "Anna Berg")
    assert 'id="name-error"' in answer.text


def test_fields_that_the_form_does_not_have_change_nothing(signed_in: Browser, installation: Installation) -> None:
    """ASVS 15.3.3: there is no way to set another column along with the name."""
    others = {"two_factor_enabled": "false", "role": "owner", "status": "closed", "email": "x@example.com", "must_enrol": "1"}
    assert signed_in.post("/account/profile", None, name="Anna B", **others).headers["location"] == "/account"
    with installation.services.database.read() as connection:
        row = connection.execute(select(ACCOUNT)).one()
    assert (row.name, row.email, row.status, row.must_enrol) == ("Anna B", "anna@example.com", "active", False)


@pytest.mark.parametrize(("path", "form"), [("/account/profile", {"name": "Thief"}), ("/account/close", {})])
def test_name_and_closing_ask_who_is_there(path: str, form: dict[str, str], protected: Protected, installation: Installation) -> None:
    """ASVS 7.5.1: after six minutes the session alone is not enough."""
    installation.clock.advance(minutes=6)
    asked = protected.browser.post(path, None, **form)
    assert asked.headers["location"] == f"/account/confirm-identity?next={path}"
    assert protected.browser.me()["account"]["name"] == "Anna Berg"


@both_engines
def test_a_closed_account_opens_nothing_and_its_address_is_free(
    ben: Browser, new_browser: Callable[..., Browser], installation: Installation
) -> None:
    """Every session ends; the password signs nobody in; the operator does not see it, and can invite the address again."""
    other = new_browser()
    other.sign_in(email=BEN)
    assert "signs out 1 other browser" in words(ben.get("/account/close").text)
    closed = ben.post("/account/close")
    assert closed.headers["location"] == "/sign-in?reason=account_closed"
    page = ben.get(closed.headers["location"]).text
    assert "Your account is closed" in words(page)
    assert ('role="alert"' in page, "<title>Error" in page) == (False, False)
    assert [ben.who(), other.who()] == [None, None]
    assert new_browser().sign_in(email=BEN).status_code == 401
    administration = installation.services.identity.administration
    assert [one.account.email for one in administration.list_accounts()] == ["anna@example.com"]
    assert administration.summary(BEN) is None
    installation.add_account(BEN, "Ben Falk the second")
    assert new_browser().sign_in(email=BEN).headers["location"] == "/"


def test_closing_removes_what_protected_the_account(ben: Browser, installation: Installation) -> None:
    """No secret of an authenticator and no recovery code outlives it; the record of events does."""
    ben.enable_2fa()
    ben.post("/account/2fa/recovery-codes/continue")
    ben.post("/account/close")
    with installation.services.database.read() as connection:
        left = {table.name: len(connection.execute(select(table)).all()) for table in (TOTP_AUTHENTICATOR, RECOVERY_CODE, LINK)}
        kinds = connection.execute(select(SECURITY_EVENT.c.kind)).scalars().all()
    with installation.services.database.read() as connection:
        closed = connection.execute(select(ACCOUNT).where(ACCOUNT.c.email == BEN)).one()
    assert (closed.status, closed.password_hash) == ("closed", "")
    assert left == {"totp_authenticator": 0, "recovery_code": 0, "link": 0}
    assert {"two_factor.enabled", "account.closed"} <= set(kinds)


def test_the_owners_account_stays(protected: Protected) -> None:
    """Without it nobody could administer the installation; the page says so."""
    answer = protected.browser.post("/account/close")
    assert answer.status_code == 409
    assert "This is the only owner's account." in answer.text.replace("&#39;", "'")
    assert protected.browser.who() is not None
