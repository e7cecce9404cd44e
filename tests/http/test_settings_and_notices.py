"""What settings say before something happens, and what the dashboard says after it."""

from collections.abc import Callable

import pytest

from tests.http.conftest import Protected, both_engines
from tests.http.raw_requests import SAME_ORIGIN, moment_shown, rows, words
from tests.support import labels
from tests.support.browser import Browser
from tests.support.installation import PASSWORD, Installation
from tests.support.stored_chats import conversation, web_channel
from xpressbot.identity.accounts.rules.account import AccountStatus

CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/128.0.0.0 Safari/537.36"


@both_engines
@pytest.mark.parametrize(
    ("others", "sentence"),
    [(0, "No other browser is signed in."), (1, "Enabling signs out 1 other browser."), (2, "Enabling signs out 2 other browsers.")],
)
def test_before_enabling_the_page_says_how_many_browsers_it_signs_out(
    others: int, sentence: str, signed_in: Browser, new_browser: Callable[..., Browser], installation: Installation
) -> None:
    """And that many it does sign out, locked ones among them; ended and half-way ones do not count."""
    browsers = [new_browser() for _other in range(others)]
    for browser in browsers[:1]:
        browser.sign_in()
    installation.clock.advance(minutes=40)
    signed_in.get("/account")
    installation.clock.advance(minutes=21)
    signed_in.post("/account/confirm-identity", password=PASSWORD)
    gone = new_browser()
    gone.sign_in()
    gone.post("/sign-out")
    for browser in browsers[1:]:
        browser.sign_in()
    assert sentence in words(signed_in.get("/account").text)
    signed_in.post("/account/2fa/start")
    assert ("Enabling signs out" in words(signed_in.get("/account/2fa/setup").text)) is (others > 0)
    signed_in.enable_2fa()
    assert [browser.who() for browser in browsers] == [None] * others
    assert [browser.get("/sign-in/unlock").headers["location"] for browser in browsers] == ["/sign-in?next=/"] * others
    assert signed_in.who() is not None


@pytest.mark.parametrize(
    ("others", "sentence"),
    [(0, "No other browser is signed in."), (1, "It signs out 1 other browser."), (2, "It signs out 2 other browsers.")],
)
def test_before_disabling_the_page_says_what_it_will_do(
    others: int, sentence: str, protected: Protected, new_browser: Callable[..., Browser]
) -> None:
    """Browsers signed out, codes removed, the password alone from then on; and that is what happens."""
    browsers = [new_browser() for _other in range(others)]
    for number, browser in enumerate(browsers):
        browser.sign_in()
        browser.post("/sign-in/recovery-code", code=protected.codes[number])
    page = words(protected.browser.get("/account/2fa/disable").text)
    assert sentence in page
    assert "Signing in needs only your password." in page
    assert f"{10 - others} unused recovery codes are removed." in page
    assert protected.browser.post("/account/2fa/disable").headers["location"] == "/account"
    assert [browser.who() for browser in browsers] == [None] * others
    assert protected.browser.me()["aal"] == 1
    assert new_browser().sign_in().headers["location"] == "/"


@both_engines
def test_wrong_codes_after_the_right_password_are_told_at_the_next_sign_in(
    protected: Protected, new_browser: Callable[..., Browser]
) -> None:
    """Three tries from elsewhere: one notice with the count, the browser and the address, until it is acknowledged (ASVS 6.3.5)."""
    thief = new_browser(address="203.0.113.66", user_agent=CHROME)
    thief.sign_in()
    for code in ("000000", "000001", "000002"):
        assert thief.post("/sign-in/code", code=code).status_code == 401
    owner = new_browser()
    owner.sign_in()
    owner.post("/sign-in/code", code=protected.phone.next_code())
    page = owner.get("/").text
    notice = words(page).partition(labels.SINCE_YOU_LAST_LOOKED)[2].partition(labels.GOT_IT)[0]
    assert f"Wrong code after the right password 3 times Chrome on Windows · 203.0.113.66 {moment_shown('2026-09-21 14:13')}" in notice
    assert "someone may know your password" in notice
    assert labels.SINCE_YOU_LAST_LOOKED in words(owner.get("/").text)
    shown = page.partition('name="shown" value="')[2].partition('"')[0]
    assert owner.post("/notices/seen", shown=shown).headers["location"] == "/"
    assert labels.SINCE_YOU_LAST_LOOKED not in words(owner.get("/").text)
    assert "203.0.113.66" in words(owner.get("/").text).partition(labels.RECENT_ACTIVITY)[2]


@both_engines
def test_many_wrong_passwords_are_told_at_the_next_sign_in(signed_in: Browser, new_browser: Callable[..., Browser]) -> None:
    """How often an account had to wait, and between when; nothing is said that no code has looked at."""
    stranger = new_browser(address="203.0.113.66")
    for _try in range(8):
        stranger.sign_in(password="wrong")
        signed_in.clock.advance(minutes=16)
    signed_in.post("/sign-out")
    assert signed_in.sign_in().headers["location"] == "/"
    text = words(signed_in.get("/").text)
    assert "Many wrong passwords were tried Further tries had to wait 4 times" in text
    assert "was not guessed" not in text
    assert "were not held up" not in text


def test_what_the_operator_did_is_told(signed_in: Browser, installation: Installation) -> None:
    """Disabled and enabled again: both notices stand on the dashboard."""
    for status in (AccountStatus.DISABLED, AccountStatus.ACTIVE):
        installation.services.identity.administration.set_status("anna@example.com", status)
    signed_in.sign_in()
    text = words(signed_in.get("/").text).partition(labels.RECENT_ACTIVITY)[0]
    assert "Account suspended The operator of this XpressBot did this." in text
    assert "Account reinstated The operator of this XpressBot did this." in text


@pytest.mark.parametrize(
    "agent",
    [
        "<script>alert(1)</script>",
        "\"'><img src=x onerror=alert(1)>",
        "{{7*7}} %(count)d",
        "\x1b[2J\x07evil",
        "\xe9\x80\x9b evil",
        "x" * 5000,
    ],
)
@both_engines
def test_what_a_browser_calls_itself_is_shown_as_text(
    agent: str, protected: Protected, new_browser: Callable[..., Browser], installation: Installation
) -> None:
    """In notices, activity and the ledger; cut to 256 characters, and never markup."""
    thief = new_browser(address="203.0.113.66")
    headers = SAME_ORIGIN | {"User-Agent": agent.encode("latin-1")}
    thief.request("POST", "/sign-in", headers=headers, data={"email": "anna@example.com", "password": PASSWORD})
    assert (
        thief.request("POST", "/sign-in/code", headers=headers, data=thief.filled("/sign-in/code", {"code": "000000"})).status_code == 401
    )
    used = thief.request(
        "POST", "/sign-in/recovery-code", headers=headers, data=thief.filled("/sign-in/recovery-code", {"code": protected.codes[0]})
    )
    assert used.headers["location"] == "/"
    for path in ("/", "/account/2fa/recovery-codes"):
        page = protected.browser.get(path)
        assert page.status_code == 200
        assert not [tag for tag in ("<script>alert", "<img", "49 ") if tag in page.text]
        assert "\x1b" not in page.text
    assert all(len(row["user_agent"]) <= 256 for row in rows(installation, "session"))
    assert all(len(row["used_agent"] or "") <= 256 for row in rows(installation, "recovery_code"))


def test_the_profile_card_shows_name_and_address(installation: Installation, browser: Browser) -> None:
    """Read only, escaped."""
    installation.add_account("o'brien&co@example.com", "O'Brien & <Co>")
    browser.sign_in("o'brien&co@example.com")
    page = browser.get("/account").text
    assert "Name O'Brien & <Co> Change your name Email o'brien&co@example.com" in words(page)
    assert "<Co>" not in page


def test_an_open_set_up_is_offered_to_be_continued(signed_in: Browser) -> None:
    """From the settings of the browser that began it."""
    assert "Continue the set-up you began" not in signed_in.get("/account").text
    signed_in.post("/account/2fa/start")
    assert "Continue the set-up you began" in signed_in.get("/account").text


def test_who_erases_somebody_is_told_what_the_proof_is_for(installation: Installation, protected: Protected) -> None:
    """It is not about the protection of their own account."""
    one = conversation(installation.services, web_channel(installation.services))
    installation.clock.advance(minutes=6)
    asked = protected.browser.get(f"/inbox/people/{one.contact_id}/erase")
    assert asked.headers["location"] == f"/account/confirm-identity?next=/inbox/people/{one.contact_id}/erase"
    assert "The next step removes for good what a person wrote." in words(protected.browser.follow(asked).text)
