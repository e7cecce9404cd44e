"""Recovery codes: copied, downloaded, printed, and out of sight afterwards."""

from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import NewPerson
from tests.browser.inspection import inspect
from tests.browser.person import Person
from tests.browser.shortcuts import arrive_signed_in, protect
from tests.browser.site import Site
from tests.support import labels

pytestmark = pytest.mark.browser


@pytest.fixture
def reader(site: Site, new_person: NewPerson) -> tuple[Person, list[str]]:
    """Anna, looking at her codes."""
    protected = protect(site)
    anna = new_person(permissions=["clipboard-read", "clipboard-write"])
    arrive_signed_in(anna, protected.session)
    anna.open("/account/2fa/recovery-codes")
    anna.button(labels.SHOW_RECOVERY_CODES).click()
    assert anna.shown_codes() == protected.codes
    return anna, protected.codes


def test_the_copy_button_puts_the_codes_on_the_clipboard(reader: tuple[Person, list[str]]) -> None:
    """One a line, and the page says that it did."""
    anna, codes = reader
    anna.button(labels.COPY).click()
    expect(anna.page.get_by_role("status").filter(has_text=labels.COPIED)).to_be_visible()
    assert anna.page.evaluate("navigator.clipboard.readText()").splitlines() == codes


def test_the_download_is_a_text_file_with_the_codes(reader: tuple[Person, list[str]]) -> None:
    """Named so that it is found again, and readable everywhere; the page stays where it is."""
    anna, codes = reader
    with anna.page.expect_download() as waiting:
        anna.button(labels.DOWNLOAD).click()
    assert waiting.value.suggested_filename == f"xpressbot-recovery-codes-127.0.0.1-{urlsplit(anna.site.url).port}.txt"
    text = Path(waiting.value.path()).read_text(encoding="utf-8")
    assert [code for code in codes if code not in text] == []
    assert anna.email in text
    anna.link(labels.DONE).click()
    anna.is_on(labels.ACCOUNT_SETTINGS)


def test_paper_gets_the_codes_and_nothing_else(reader: tuple[Person, list[str]]) -> None:
    """Whose they are, of when, and the codes; no navigation, no buttons, black on white whatever the screen shows."""
    anna, codes = reader
    anna.page.evaluate("window.print = () => { document.title = 'printing'; }")
    anna.button(labels.PRINT).click()
    expect(anna.page).to_have_title("printing")
    anna.page.emulate_media(media="print", color_scheme="dark")
    lines = [line.strip() for line in anna.page.locator("body").inner_text().splitlines() if line.strip()]
    assert lines[0] == f"XpressBot recovery codes for {urlsplit(anna.site.url).netloc}"
    assert lines[1].startswith(f"{anna.email} · ")
    assert lines[2:] == codes
    colours = "element => [getComputedStyle(element).color, getComputedStyle(document.body).backgroundColor]"
    assert anna.page.get_by_text(codes[0]).evaluate(colours) == ["rgb(24, 33, 29)", "rgb(255, 255, 255)"]


def test_the_back_button_after_signing_out_shows_no_codes(reader: tuple[Person, list[str]]) -> None:
    """No page is kept by the browser (no-store)."""
    anna, codes = reader
    anna.sign_out()
    anna.page.go_back()
    anna.is_on(labels.SIGN_IN)
    assert not any(code in anna.page.content() for code in codes)
    anna.open("/sign-in")
    anna.page.go_back()
    anna.is_on(labels.SIGN_IN)


def test_a_new_set_counts_from_continue(reader: tuple[Person, list[str]]) -> None:
    """Until then the page says that the old codes are valid; a used code is marked with when and from where."""
    anna, codes = reader
    anna.sign_out()
    anna.sign_in_with_recovery_code(codes[0])
    anna.open("/account/2fa/recovery-codes")
    used = anna.page.get_by_role("listitem").filter(has=anna.page.get_by_role("time"))
    expect(used).to_contain_text("Chrome on Linux")
    anna.sees(labels.codes_left(9))

    anna.button(labels.MAKE_NEW_RECOVERY_CODES).click()
    anna.sees(labels.OLD_CODES_STAY_VALID)
    new = anna.shown_codes()
    assert not set(new) & set(codes)
    anna.button(labels.CONTINUE).click()
    anna.is_on(labels.ACCOUNT_SETTINGS)
    anna.sees(labels.codes_left(10))
    anna.sign_out()
    anna.sign_in_with_recovery_code(new[0])


def test_a_saved_code_is_checked_used_and_seen_in_the_ledger(site: Site, new_person: NewPerson) -> None:
    """Good before and after the check; after a sign-in with it, the check says used and the ledger when and from where."""
    protected = protect(site)
    anna = new_person()
    arrive_signed_in(anna, protected.session)
    anna.open("/account/2fa/recovery-codes")
    for _check in range(2):
        anna.page.get_by_label(labels.RECOVERY_CODE, exact=True).fill(protected.codes[4].lower())
        anna.button(labels.CHECK_IT).click()
        anna.sees(labels.CODE_IS_GOOD)
        assert inspect(anna.page) == []
    other = new_person()
    other.open("/sign-in")
    other.sign_in_with_recovery_code(protected.codes[4])
    anna.page.get_by_label(labels.RECOVERY_CODE, exact=True).fill(protected.codes[4])
    anna.button(labels.CHECK_IT).click()
    anna.sees(labels.CODE_USED_UP)
    expect(anna.page.locator("li.spent")).to_have_count(1)
