"""The recovery codes page: shown, masked, downloaded, replaced, and the warning when few are left."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.http.conftest import Protected, both_engines
from tests.http.raw_requests import moment_shown, rows, words
from tests.support import labels
from tests.support.browser import Browser, shown_codes
from tests.support.databases import SqliteTemplate
from tests.support.installation import PASSWORD, Installation, install
from xpressbot.entrypoints.http.app import create_app

PAGE = "/account/2fa/recovery-codes"
PHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
    " Version/17.5 Mobile/15E148 Safari/604.1"
)


def use(new_browser: Callable[..., Browser], code: str, **options: str) -> Browser:
    """Sign in with a recovery code."""
    browser = new_browser(**options)
    browser.sign_in()
    assert browser.post("/sign-in/recovery-code", code=code).headers["location"] == "/"
    return browser


def ledger(page: str) -> list[str]:
    """The rows of the masked ledger as they are read."""
    listed = re.search(r'(?s)<ol class="ledger">(.*?)</ol>', page)
    assert listed is not None
    return [words(row) for row in re.findall(r"(?s)<li.*?</li>", listed[1])]


@both_engines
def test_the_masked_ledger_says_when_and_from_which_browser_each_code_was_used(
    protected: Protected, new_browser: Callable[..., Browser]
) -> None:
    """Ten rows, none with a character of a code."""
    protected.browser.clock.advance(hours=2)
    use(new_browser, protected.codes[3])
    browser = use(new_browser, protected.codes[7], user_agent=PHONE)
    page = browser.get(PAGE).text
    seen = ledger(page)
    assert len(seen) == 10
    assert f"used {moment_shown('2026-09-21 16:13')} from Firefox on Linux" in seen[3]
    assert f"used {moment_shown('2026-09-21 16:13')} from Mobile Safari on iOS" in seen[7]
    assert [number for number, row in enumerate(seen) if row.endswith("unused")] == [0, 1, 2, 4, 5, 6, 8, 9]
    assert "8 of 10 recovery codes left" in words(page)
    assert shown_codes(page) == []
    assert not [code for code in protected.codes if code[:4] in words(page)]


def test_showing_them_again_takes_a_fresh_proof_and_marks_the_used_ones(
    protected: Protected, new_browser: Callable[..., Browser], installation: Installation
) -> None:
    """One reveal is one event, however often the page is looked at; after the proof's 5 minutes they are masked again."""
    use(new_browser, protected.codes[0])
    protected.browser.post(f"{PAGE}/reveal")
    for _look in range(3):
        page = protected.browser.get(PAGE).text
        assert shown_codes(page) == protected.codes
        protected.browser.post(f"{PAGE}/reveal")
    assert f"<s>{protected.codes[0]}</s> <span>used</span>" in page
    assert [row["kind"] for row in rows(installation, "security_event")].count("backups.revealed") == 1
    assert labels.NOTICE_OF_CODES_SHOWN in words(protected.browser.get("/").text)
    installation.clock.advance(minutes=5)
    assert shown_codes(protected.browser.get(PAGE).text) == []


def test_the_download_is_a_text_file_with_the_codes_and_what_they_are_for(
    protected: Protected, new_browser: Callable[..., Browser]
) -> None:
    """Attachment, never stored by the browser's cache, one code a line, the used ones marked."""
    use(new_browser, protected.codes[4])
    protected.browser.post(f"{PAGE}/reveal")
    response = protected.browser.post(f"{PAGE}/download")
    assert response.headers["content-type"] == "text/plain; charset=utf-8"
    assert response.headers["content-disposition"] == 'attachment; filename="xpressbot-recovery-codes-localhost-8000.txt"'
    assert response.headers["cache-control"] == "no-store"
    lines = response.text.split("\r\n")
    assert lines[0] == "XpressBot recovery codes for anna@example.com at localhost:8000"
    assert [line.split(". ")[1].split("  ")[0] for line in lines if re.match(r" ?\d+\. ", line)] == protected.codes
    assert [line for line in lines if line.endswith("(used)")] == [f" 5. {protected.codes[4]}  (used)"]


@pytest.mark.parametrize(
    ("url", "place", "name"),
    [
        ("https://chat.example.com", "chat.example.com", "chat.example.com"),
        ("https://chat.example.com:8443", "chat.example.com:8443", "chat.example.com-8443"),
        ("https://[2001:db8::1]:8443", "[2001:db8::1]:8443", "2001-db8--1-8443"),
    ],
)
def test_file_and_paper_name_the_installation(url: str, place: str, name: str, tmp_path: Path, sqlite_template: SqliteTemplate) -> None:
    """A person who has codes of two installations finds the right ones, in a drawer and in a folder."""
    installation = install(tmp_path, sqlite_template.fresh(tmp_path), public_url=url)
    installation.add_account()
    browser = Browser(create_app(installation.services), installation.clock, url=url)
    browser.sign_in()
    browser.enable_2fa()
    assert f"<strong>XpressBot recovery codes for {place}</strong>" in browser.get(PAGE).text
    response = browser.post(f"{PAGE}/download")
    assert response.headers["content-disposition"] == f'attachment; filename="xpressbot-recovery-codes-{name}.txt"'
    assert response.text.startswith(f"XpressBot recovery codes for anna@example.com at {place}\r\n")
    installation.close()


def test_a_download_of_masked_codes_shows_them_first(protected: Protected, installation: Installation) -> None:
    """With a fresh proof it leads to the page with the codes; without one to the step-up."""
    response = protected.browser.post(f"{PAGE}/download")
    assert response.headers["location"] == PAGE
    assert protected.browser.recovery_codes() == protected.codes
    installation.clock.advance(minutes=5)
    assert protected.browser.post(f"{PAGE}/download").headers["location"] == f"/account/confirm-identity?next={PAGE}"


@both_engines
def test_a_new_set_counts_from_continue_and_the_old_one_until_then(
    protected: Protected, new_browser: Callable[..., Browser], installation: Installation
) -> None:
    """The page says so, the other browsers are signed out by it, and a set that was never confirmed changes nothing."""
    browser = protected.browser
    browser.post(f"{PAGE}/regenerate")
    page = browser.get(PAGE).text
    prepared = shown_codes(page)
    assert 'The old codes stay valid until you press "Continue".' in words(page)
    assert not set(prepared) & set(protected.codes)
    early = new_browser()
    early.sign_in()
    assert early.post("/sign-in/recovery-code", code=prepared[0]).status_code == 401
    other = use(new_browser, protected.codes[0])
    assert browser.post(f"{PAGE}/continue").headers["location"] == "/account"
    assert other.who() is None
    late = new_browser()
    late.sign_in()
    assert late.post("/sign-in/recovery-code", code=protected.codes[1]).status_code == 401
    text = words(use(new_browser, prepared[0]).get("/").text).partition(labels.RECENT_ACTIVITY)[0]
    assert "Recovery codes replaced 1 other browser was signed out." in text


@pytest.mark.parametrize("left", [4, 3, 1, 0])
def test_from_three_left_on_sign_in_and_settings_warn(left: int, protected: Protected, new_browser: Callable[..., Browser]) -> None:
    """The dashboard after a sign-in with the app, the settings and the codes page; with four left none of them."""
    for code in protected.codes[left:]:
        use(new_browser, code)
    browser = new_browser()
    browser.sign_in()
    browser.post("/sign-in/code", code=protected.phone.next_code())
    dashboard, settings, page = (words(browser.get(path).text) for path in ("/", "/account", PAGE))
    warned = left <= 3
    said = {0: "No recovery codes are left.", 1: "Only 1 recovery code left."}.get(left, f"Only {left} recovery codes left.")
    assert (f"{said} Make new ones before you need them." in dashboard) is warned
    for text in (settings, page):
        assert f"{left} of 10 recovery codes left" in text
        assert ("Make new ones before you need them." in text) is warned


def test_a_session_begun_with_a_recovery_code_offers_the_way_out(protected: Protected, new_browser: Callable[..., Browser]) -> None:
    """Reset, disable or new codes, from dashboard and settings, without a further proof."""
    browser = use(new_browser, protected.codes[0])
    browser.clock.advance(minutes=20)
    assert "You signed in with a recovery code" in words(browser.get("/").text)
    settings = browser.get("/account").text
    assert "the old app works until you have entered a code from the new one, and your recovery codes stay" in words(settings)
    for action in ("/account/2fa/start", f"{PAGE}/regenerate"):
        assert f'action="{action}"' in settings
    assert 'href="/account/2fa/disable"' in settings
    assert browser.post("/account/2fa/start").headers["location"] == "/account/2fa/setup"
    assert "Your old app works until you have entered a code from the new one." in words(browser.get("/account/2fa/setup").text)
    browser.clock.advance(minutes=10)
    assert "You signed in with a recovery code" not in words(browser.get("/account").text)
    assert browser.post("/account/2fa/disable").headers["location"].startswith("/account/confirm-identity")


@pytest.fixture
def unviewable(tmp_path: Path, sqlite_template: SqliteTemplate) -> Iterator[Installation]:
    """An installation that shows codes only once."""
    installation = install(tmp_path, sqlite_template.fresh(tmp_path), recovery_codes_viewable=False)
    yield installation
    installation.close()


def test_where_viewing_is_off_the_codes_are_gone_after_continue(unviewable: Installation) -> None:
    """The page says so and offers a new set; no encrypted copy is left."""
    unviewable.add_account()
    browser = Browser(create_app(unviewable.services), unviewable.clock)
    browser.sign_in()
    browser.enable_2fa()
    assert len(browser.recovery_codes()) == 10
    assert len(browser.post(f"{PAGE}/download").text.splitlines()) >= 12
    browser.post(f"{PAGE}/continue")
    page = browser.get(PAGE).text
    assert "This installation does not show codes again." in words(page)
    assert f'action="{PAGE}/reveal"' not in page
    refused = browser.post(f"{PAGE}/reveal")
    assert "shows recovery codes only once" in browser.follow(refused).text
    assert browser.recovery_codes() == []
    assert {row["shown_copy"] for row in rows(unviewable, "recovery_code")} == {None}
    assert PASSWORD not in page


@pytest.mark.parametrize(("which", "said"), [(0, "This code works."), (1, "was used"), (None, "Not one of your recovery codes")])
def test_the_page_tells_what_a_saved_code_is_worth(
    protected: Protected, new_browser: Callable[..., Browser], which: int | None, said: str
) -> None:
    """Typed as it comes from the paper; a slip in its shape is told beside the field and counts nowhere."""
    browser = protected.browser
    browser.post(f"{PAGE}/continue")
    use(new_browser, protected.codes[1])
    text = "0000-0000-0000-0000" if which is None else protected.codes[which].lower().replace("-", " ")
    response = browser.post(f"{PAGE}/check", code=text)
    assert response.status_code == 200
    assert said in words(response.text)
    for slip in ("", "123", "U" * 16):
        assert browser.post(f"{PAGE}/check", code=slip).status_code == 422


@pytest.mark.parametrize("printed", ["file", "page"])
@pytest.mark.parametrize("door", ["sign-in", "step-up", "check"])
def test_each_line_that_we_print_can_be_typed_back_at_every_door(
    door: str, printed: str, protected: Protected, new_browser: Callable[..., Browser], installation: Installation
) -> None:
    """Whole lines of the downloaded file, and of the page with the number that it shows; the used one is said to be used."""
    browser = protected.browser
    use(new_browser, protected.codes[4])
    browser.post(f"{PAGE}/reveal")
    lines = lines_of_the_file(browser) if printed == "file" else lines_of_the_page(browser)
    assert (len(lines), lines[4].endswith("(used)" if printed == "file" else " used")) == (10, True)
    checking = new_browser()
    checking.sign_in()
    checking.post("/sign-in/code", code=protected.phone.next_code())
    for position, line in enumerate(lines):
        assert protected.codes[position] in line
        is_used = position == 4
        if door == "check":
            said = words(checking.post(f"{PAGE}/check", code=line).text)
            assert ("This code was used." if is_used else "This code works.") in said, line
            continue
        installation.clock.advance(minutes=1)
        if door == "sign-in":
            visitor = new_browser()
            visitor.sign_in()
            answer = visitor.post("/sign-in/recovery-code", code=line)
        else:
            answer = browser.post("/account/confirm-identity", code=line, password=PASSWORD)
        assert answer.status_code == (401 if is_used else 303), line
        assert not is_used or "That recovery code was already used" in words(answer.text)


def lines_of_the_file(browser: Browser) -> list[str]:
    """What stands between the sentences and the end of the download, untrimmed."""
    return [line for line in browser.post(f"{PAGE}/download").text.split("\r\n") if re.match(r" ?\d+\. ", line)]


def lines_of_the_page(browser: Browser) -> list[str]:
    """What a person reads in each row of the list: the number that the style sheet puts there, and the row's words."""
    assert '.codes li::before { content: counter(code) ".";' in browser.get("/static/style.css").text
    listed = re.search(r'(?s)<ol class="codes".*?>(.*?)</ol>', browser.get(PAGE).text)
    assert listed is not None
    return [f"{number}. {words(row)}" for number, row in enumerate(re.findall(r"(?s)<li.*?</li>", listed[1]), start=1)]


def test_checking_again_and_again_has_to_wait_and_says_until_when(protected: Protected) -> None:
    """The sixth wrong one in a row is 429, with the wait in the header and on the page."""
    protected.browser.post(f"{PAGE}/continue")
    for _try in range(5):
        assert protected.browser.post(f"{PAGE}/check", code="0000-0000-0000-0000").status_code == 200
    response = protected.browser.post(f"{PAGE}/check", code=protected.codes[0])
    assert (response.status_code, response.headers["retry-after"]) == (429, "30")
    assert "Try again at" in words(response.text)
    assert 'data-countdown="30"' in response.text


def test_checking_asks_for_a_fresh_proof(protected: Protected, installation: Installation) -> None:
    """And leads back to the page."""
    protected.browser.post(f"{PAGE}/continue")
    installation.clock.advance(minutes=6)
    response = protected.browser.post(f"{PAGE}/check", code=protected.codes[0])
    assert response.headers["location"] == f"/account/confirm-identity?next={PAGE}"
