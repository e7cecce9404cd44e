"""Exempting a member from the team's requirement of 2FA: by an owner, for a reason and a while."""

from collections.abc import Callable

import pytest

from tests.http.conftest import both_engines
from tests.http.raw_requests import SESSION_COOKIE, field_error, refusal, rows, words
from tests.support.browser import Browser
from tests.support.installation import Installation
from tests.support.people import Person, protected, reset
from tests.support.policies import exempt_until, require_two_factor
from xpressbot.foundation.times import DAY
from xpressbot.identity.accounts.rules.account import Account
from xpressbot.identity.accounts.rules.roles import Role
from xpressbot.identity.audit.rules.event import TEAM, EventKind
from xpressbot.identity.team.exemptions import MOST_DAYS

BERTA, REASON = "berta@example.com", "Waits for a new phone"


@pytest.fixture
def anna(installation: Installation) -> Person:
    return protected(installation.services)


@pytest.fixture
def owner(anna: Person, browser: Browser) -> Browser:
    """An owner's browser, whose proof is fresh."""
    browser.cookies.set(SESSION_COOKIE, anna.caller.token.text)
    return browser


@pytest.fixture
def berta(installation: Installation, anna: Person) -> Account:
    return installation.add_account(BERTA, "Berta Sommer")


def page_of(account: Account) -> str:
    return f"/team/members/{account.id}/exemption"


def stored(installation: Installation, account: Account) -> tuple[int | None, str | None]:
    (row,) = [row for row in rows(installation, "account") if row["id"] == account.id]
    return row["exempt_until"], row["exempt_reason"]


def kinds_of(installation: Installation, subject: str) -> list[str]:
    return [row["kind"] for row in rows(installation, "security_event") if row["subject"] == subject]


@both_engines
def test_a_member_is_exempt_for_a_while_and_told(
    installation: Installation, owner: Browser, berta: Account, new_browser: Callable[..., Browser]
) -> None:
    """It acts at once, stands in the team's record and in the member's own, and ends by itself."""
    require_two_factor(installation)
    assert owner.post(page_of(berta), days="3", reason=f"  {REASON} ", shown="").headers["location"] == page_of(berta)
    assert stored(installation, berta) == (installation.clock.now() + 3 * DAY, REASON)
    assert kinds_of(installation, TEAM)[-1] == EventKind.MEMBER_EXEMPTED
    assert EventKind.EXEMPTED in kinds_of(installation, berta.id)
    page = words(owner.get(page_of(berta)).text)
    assert "Exempt until Sep 24, 2026" in page
    assert REASON in page
    browser = new_browser()
    assert browser.sign_in(BERTA).headers["location"] == "/"
    assert f"Reason given: {REASON}." in words(browser.get("/").text)
    installation.clock.advance(hours=72)
    assert browser.sign_in(BERTA).headers["location"] == "/link/enrolment"


def test_an_exemption_can_be_ended(installation: Installation, owner: Browser, berta: Account, new_browser: Callable[..., Browser]) -> None:
    """At the member's next request it counts no more."""
    require_two_factor(installation)
    owner.post(page_of(berta), days="30", reason=REASON, shown="")
    browser = new_browser()
    browser.sign_in(BERTA)
    shown = str(stored(installation, berta)[0])
    assert owner.post(f"{page_of(berta)}/end", shown=shown).headers["location"] == page_of(berta)
    assert stored(installation, berta) == (None, None)
    assert browser.get("/").headers["location"] == "/account/2fa/required"
    assert kinds_of(installation, TEAM)[-1] == EventKind.MEMBER_EXEMPTION_ENDED
    assert kinds_of(installation, berta.id)[-1] == EventKind.EXEMPTION_ENDED


@pytest.mark.parametrize("days", ["", "0", "31", "-1", "1.5", "three", "99999999999999999999", "\u0969"])
def test_a_number_of_days_that_cannot_be_is_refused(days: str, installation: Installation, owner: Browser, berta: Account) -> None:
    """Beside the field, and nothing is changed."""
    response = owner.post(page_of(berta), days=days, reason=REASON, shown="")
    assert (response.status_code, field_error(response, "days")) == (422, "Enter a number of days from 1 to 30.")
    assert stored(installation, berta) == (None, None)


@pytest.mark.parametrize("reason", ["", "  ", "x" * 201, "y" * 30_000, "a\x07b", "\u202ereversed"])
def test_a_reason_that_nobody_could_read_is_refused(reason: str, installation: Installation, owner: Browser, berta: Account) -> None:
    """None, a huge one, and control characters."""
    response = owner.post(page_of(berta), days="3", reason=reason, shown="")
    assert (response.status_code, field_error(response, "reason")) == (422, "Enter a reason of at most 200 characters.")
    assert stored(installation, berta) == (None, None)


def test_what_the_form_was_shown_with_must_be_a_moment(installation: Installation, owner: Browser, berta: Account) -> None:
    """422."""
    for shown in ("x", "-5", "9" * 40):
        assert owner.post(page_of(berta), days="3", reason=REASON, shown=shown).status_code == 422
        assert owner.post(f"{page_of(berta)}/end", shown=shown).status_code == 422
    assert stored(installation, berta) == (None, None)


@both_engines
def test_of_two_owners_at_once_one_wins_and_the_other_is_told(
    installation: Installation, owner: Browser, berta: Account, new_browser: Callable[..., Browser]
) -> None:
    """Both saw that the member was not exempt."""
    second = new_browser()
    second.cookies.set(SESSION_COOKIE, protected(installation.services, "otto@example.com", role=Role.OWNER).caller.token.text)
    owner.post(page_of(berta), days="3", reason=REASON, shown="")
    saved = stored(installation, berta)
    for path in (page_of(berta), f"{page_of(berta)}/end"):
        response = second.post(path, days="9", reason="Another reason", shown="")
        assert response.status_code == 409
        assert "Another owner has changed this exemption" in refusal(response)
    assert stored(installation, berta) == saved


def test_nobody_exempts_themselves_and_nobody_who_is_protected_is(installation: Installation, owner: Browser, anna: Person) -> None:
    """The page offers no form, and a form is refused."""
    otto = protected(installation.services, "otto@example.com", role=Role.OWNER).account
    for account, why in ((anna.account, "Nobody exempts themselves."), (otto, "This member has 2FA on")):
        page = owner.get(page_of(account)).text
        assert why in words(page)
        assert 'name="days"' not in page
        response = owner.post(page_of(account), days="3", reason=REASON, shown="")
        assert response.status_code == 409
        assert refusal(response).startswith(why)
        assert stored(installation, account) == (None, None)


@pytest.mark.parametrize("days", [0, MOST_DAYS + 1])
def test_no_caller_exempts_for_longer_than_the_form_does(days: int, installation: Installation, anna: Person, berta: Account) -> None:
    """An exemption that may not be would be stored, recorded and mailed, and count for nothing."""
    with pytest.raises(ValueError, match="from 1 to 30 days"):
        installation.services.identity.exemptions.exempt(anna.caller, berta.id, None, days, REASON)
    assert stored(installation, berta) == (None, None)


def test_one_that_is_over_by_itself_is_ended_without_a_word(installation: Installation, owner: Browser, berta: Account) -> None:
    """Its reason is removed. An end that changed nothing is recorded neither for the team nor for the member."""
    exempt_until(installation, BERTA, over := installation.clock.now())
    before = [kinds_of(installation, subject) for subject in (TEAM, berta.id)]
    assert owner.post(f"{page_of(berta)}/end", shown=str(over)).headers["location"] == page_of(berta)
    assert stored(installation, berta) == (None, None)
    assert [kinds_of(installation, subject) for subject in (TEAM, berta.id)] == before


def test_ids_of_nobody_and_other_roles(
    installation: Installation, owner: Browser, berta: Account, new_browser: Callable[..., Browser]
) -> None:
    """404 and 403, and an old proof is asked for again (ASVS 8.2.2, 8.3.1)."""
    nobody = f"/team/members/{'0' * 32}/exemption"
    assert owner.get(nobody).status_code == 404
    assert owner.post(nobody, days="3", reason=REASON, shown="").status_code == 404
    admin = new_browser()
    admin.cookies.set(SESSION_COOKIE, protected(installation.services, "adam@example.com", role=Role.ADMIN).caller.token.text)
    assert admin.get(page_of(berta)).status_code == 403
    assert admin.post(page_of(berta), days="3", reason=REASON, shown="").status_code == 403
    owner.form_for(page_of(berta))
    installation.clock.advance(minutes=6)
    asked = owner.post(page_of(berta), days="3", reason=REASON, shown="").headers["location"]
    assert asked == f"/account/confirm-identity?next={page_of(berta)}"
    assert stored(installation, berta) == (None, None)


def test_a_member_whose_2fa_was_reset_is_not_exempt(installation: Installation, owner: Browser) -> None:
    """An exemption would not let them in: they set 2FA up again first, whatever the policy."""
    member = protected(installation.services, BERTA).account
    reset(installation.services, BERTA)
    assert 'name="days"' not in owner.get(page_of(member)).text
    refused = owner.post(page_of(member), days="3", reason=REASON, shown="")
    assert (refused.status_code, "so an exemption would change nothing" in words(refused.text)) == (409, True)
    assert stored(installation, member) == (None, None)
    assert EventKind.MEMBER_EXEMPTED not in kinds_of(installation, TEAM)
