"""The policy's page: whom a change affects is said before it is saved, and of two owners at once one wins."""

import html
import re
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from tests.http.conftest import both_engines
from tests.http.raw_requests import SESSION_COOKIE, contents, field_error, refusal, rows, words
from tests.support.browser import Browser
from tests.support.installation import Installation
from tests.support.people import Person, protected, signed_in
from tests.support.policies import ASKED, change_policy, exempt_until, policy_of
from tests.use_cases.instrumentation import statements
from xpressbot.foundation.times import DAY, SECOND
from xpressbot.identity.accounts.rules.roles import Role
from xpressbot.identity.accounts.rules.two_factor_policy import FURTHEST_AHEAD, TeamPolicy, TwoFactorPolicy
from xpressbot.identity.audit.rules.event import TEAM, EventKind
from xpressbot.identity.outcomes import Denied, Done
from xpressbot.identity.team.policy_change import PolicyRefusal

PAGE = "/team/policy"
OUT_OF_RANGE = Denied(PolicyRefusal.DATE_OUT_OF_RANGE)


@pytest.fixture
def anna(installation: Installation) -> Person:
    return protected(installation.services)


@pytest.fixture
def owner(anna: Person, browser: Browser) -> Browser:
    """An owner's browser, whose proof is fresh."""
    browser.cookies.set(SESSION_COOKIE, anna.caller.token.text)
    return browser


@pytest.fixture
def second(installation: Installation, anna: Person, new_browser: Callable[..., Browser]) -> Browser:
    """Another owner's."""
    browser = new_browser()
    browser.cookies.set(SESSION_COOKIE, protected(installation.services, "otto@example.com", role=Role.OWNER).caller.token.text)
    return browser


def day(installation: Installation, days: int) -> str:
    return datetime.fromtimestamp((installation.clock.now() + days * DAY) // SECOND, tz=UTC).strftime("%Y-%m-%d")


def previewed(browser: Browser, policy: str, first_day: str = "") -> dict[str, str]:
    """The fields of the form with which the page would save what it has shown."""
    page = browser.get(f"{PAGE}?policy={policy}&from={first_day}").text
    form = page.partition('aria-labelledby="preview"')[2].partition("</form>")[0]
    assert form, words(page)
    return {name: html.unescape(value) for name, value in re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form)}


@both_engines
def test_before_saving_it_says_whom_it_will_affect_and_when(installation: Installation, owner: Browser) -> None:
    """Number, names, day; that bots and channels are never touched. Looking changes nothing."""
    for email, name in (("berta@example.com", "Berta Sommer"), ("carl@example.com", "Carl Lund"), ("dora@example.com", "Dora Holm")):
        installation.add_account(email, name)
    exempt_until(installation, "dora@example.com", installation.clock.now() + DAY)
    before = contents(installation)
    page = words(owner.get(f"{PAGE}?policy=required&from={day(installation, 10)}").text)
    assert "2 members have no 2FA. Until Oct 1, 2026" in page
    assert "from then on, they must sign in again and set it up before anything else opens." in page
    at_once = words(owner.get(f"{PAGE}?policy=required&from={day(installation, 0)}").text)
    assert "At their next click, wherever they are signed in, they must sign in again and set it up before anything else opens." in at_once
    assert "Berta Sommer berta@example.com" in page
    assert "Carl Lund" in page
    assert "Dora Holm" not in page
    assert "1 exempt member needs it when the exemption ends." in page
    assert "Bots and channels are never touched: they belong to no account." in page
    assert "No mail server is set." in page
    assert contents(installation) == before


def test_a_policy_is_saved_as_it_was_shown(installation: Installation, owner: Browser) -> None:
    """With an event in the team's record, and none where nothing changes."""
    installation.add_account("berta@example.com", "Berta")
    assert owner.post(PAGE, previewed(owner, "required", day(installation, 10))).headers["location"] == PAGE
    policy = policy_of(installation)
    assert policy.kind is TwoFactorPolicy.REQUIRED
    assert policy.required_from == (installation.clock.now() + 10 * DAY) // DAY * DAY
    (event,) = [row for row in rows(installation, "security_event") if row["kind"] == EventKind.POLICY_CHANGED]
    assert event["subject"] == TEAM
    assert "From Oct 1, 2026" in words(owner.get(PAGE).text)
    fields = {"policy": "required", "from": day(installation, 10), "before": "required", "before_from": str(policy.required_from)}
    assert owner.post(PAGE, fields).headers["location"] == PAGE
    assert len([row for row in rows(installation, "security_event") if row["kind"] == EventKind.POLICY_CHANGED]) == 1


def test_today_means_at_once(installation: Installation, owner: Browser) -> None:
    """Not since midnight, and not from the next one; on later days that date stays what it is."""
    owner.post(PAGE, previewed(owner, "required", day(installation, 0)))
    assert policy_of(installation) == TeamPolicy(TwoFactorPolicy.REQUIRED, installation.clock.now())
    saved = policy_of(installation)
    fields = {"policy": "required", "from": day(installation, 0), "before": "required", "before_from": str(saved.required_from)}
    installation.clock.advance(minutes=1)
    assert owner.post(PAGE, fields).headers["location"] == PAGE
    assert policy_of(installation) == saved


def test_asked_and_optional(installation: Installation, owner: Browser) -> None:
    """The page says of each what it will do."""
    installation.add_account("berta@example.com", "Berta")
    assert "1 member is reminded on the dashboard, and can put it off for a week." in words(owner.get(f"{PAGE}?policy=asked").text)
    owner.post(PAGE, previewed(owner, "asked"))
    assert policy_of(installation) == TeamPolicy(ASKED)
    assert "everybody can disable it" in words(owner.get(f"{PAGE}?policy=optional").text)
    owner.post(PAGE, previewed(owner, "optional"))
    assert policy_of(installation) == TeamPolicy()


@both_engines
def test_of_two_owners_at_once_one_wins_and_the_other_is_told(installation: Installation, owner: Browser, second: Browser) -> None:
    """Both had the same policy before their eyes."""
    first, other = previewed(owner, "required", day(installation, 5)), previewed(second, "asked")
    assert owner.post(PAGE, first).status_code == 303
    saved = policy_of(installation)
    response = second.post(PAGE, other)
    assert response.status_code == 409
    assert "Another owner has changed the policy since this page was opened." in refusal(response)
    assert policy_of(installation) == saved


@pytest.mark.parametrize(
    "first_day", ["", "2026-09-20", "2027-09-21", "2026-02-30", "tomorrow", "2026-10-1", "\u0968\u0966\u0968\u096c-10-10"]
)
def test_a_day_that_cannot_be_is_refused(first_day: str, installation: Installation, owner: Browser) -> None:
    """In the past, too far ahead, impossible, or none at all: beside the field, in the preview and when it is saved."""
    fields = {"policy": "required", "from": first_day, "before": "optional", "before_from": ""}
    for response in (owner.get(f"{PAGE}?policy=required&from={first_day}"), owner.post(PAGE, fields)):
        assert response.status_code == 422
        assert field_error(response, "from") == "Choose a day from today to 90 days ahead."
    assert policy_of(installation) == TeamPolicy()


@pytest.mark.parametrize(
    ("ahead", "outcome"), [(-1, OUT_OF_RANGE), (0, Done()), (FURTHEST_AHEAD, Done()), (FURTHEST_AHEAD + 1, OUT_OF_RANGE)]
)
def test_the_moment_of_the_change_decides_from_when_on_a_policy_may_begin(
    ahead: int, outcome: Done | Denied[PolicyRefusal], installation: Installation, anna: Person
) -> None:
    """The page has judged its day before. A form that comes late requires 2FA neither from the past on, nor from too far ahead."""
    begins_at = installation.clock.now() + ahead
    change = installation.services.identity.policy_change.change
    assert change(anna.caller, TeamPolicy(), TwoFactorPolicy.REQUIRED, begins_at) == outcome
    wanted = TeamPolicy(TwoFactorPolicy.REQUIRED, begins_at)
    assert policy_of(installation) == (wanted if outcome == Done() else TeamPolicy())


@pytest.mark.parametrize(
    "fields",
    [
        {"policy": "forced"},
        {"policy": ""},
        {"before": "unknown"},
        {"before_from": "x"},
        {"before_from": "9" * 30},
        {"before_from": "-1"},
    ],
)
def test_values_that_there_are_not_are_no_form(fields: dict[str, str], installation: Installation, owner: Browser) -> None:
    """422, and nothing is changed."""
    whole = {"policy": "asked", "from": "", "before": "optional", "before_from": ""} | fields
    assert owner.post(PAGE, whole).status_code == 422
    assert policy_of(installation) == TeamPolicy()
    assert owner.get(f"{PAGE}?policy=forced").status_code == 422


@both_engines
@pytest.mark.parametrize("moment", [999_999_999_999_999_999, 0])
def test_a_moment_that_no_policy_begins_at_is_one_that_was_not_shown(moment: int, installation: Installation, owner: Browser) -> None:
    """Also one after the last year that a date can have: 409, and nothing is changed (ASVS 2.2.1)."""
    fields = {"policy": "required", "from": day(installation, 10), "before": "required", "before_from": str(moment)}
    assert owner.post(PAGE, fields).status_code == 409
    assert policy_of(installation) == TeamPolicy()


def test_it_is_for_owners_with_a_fresh_proof(installation: Installation, owner: Browser, new_browser: Callable[..., Browser]) -> None:
    """ASVS 8.3.1: an admin is refused, and so is who has no second factor; an owner confirms who they are first."""
    admin = new_browser()
    admin.cookies.set(SESSION_COOKIE, protected(installation.services, "adam@example.com", role=Role.ADMIN).caller.token.text)
    bare = new_browser()
    bare.cookies.set(SESSION_COOKIE, signed_in(installation.services, "olga@example.com", role=Role.OWNER).token.text)
    fields = {"policy": "required", "from": day(installation, 1), "before": "optional", "before_from": ""}
    for browser in (admin, bare):
        assert browser.get(PAGE).status_code == 403
        assert browser.post(PAGE, fields).status_code == 403
    owner.form_for(PAGE)
    installation.clock.advance(minutes=6)
    assert owner.get(PAGE).headers["location"] == f"/account/confirm-identity?next={PAGE}"
    assert owner.post(PAGE, fields).headers["location"] == f"/account/confirm-identity?next={PAGE}"
    assert policy_of(installation) == TeamPolicy()


def test_it_takes_the_same_statements_for_any_team(installation: Installation, owner: Browser) -> None:
    """And names ten members at most."""
    counts = []
    for number in range(12):
        if number in {0, 11}:
            with statements(installation) as sent:
                page = words(owner.get(f"{PAGE}?policy=asked").text)
            counts.append(len(sent))
        installation.add_account(f"m{number:02}@example.com", f"Member {number:02}")
    assert counts[0] == counts[1]
    assert page.count("@example.com") == 10 + 1
    assert "And 1 more." in page


def test_the_reminder_can_be_put_off_for_a_week(installation: Installation, anna: Person, new_browser: Callable[..., Browser]) -> None:
    """And comes again. Who has 2FA on sees none."""
    change_policy(installation, anna, ASKED)
    installation.add_account("berta@example.com", "Berta")
    berta, told = new_browser(), "Your team asks everybody to enable 2FA"
    berta.sign_in("berta@example.com")
    assert told in words(berta.get("/").text)
    assert berta.post("/account/2fa/reminder").headers["location"] == "/"
    assert told not in words(berta.get("/").text)
    for days, is_told in ((6, False), (1, True)):
        installation.clock.advance(minutes=days * 24 * 60)
        berta.sign_in("berta@example.com")
        assert (told in words(berta.get("/").text)) is is_told
    berta.enable_2fa()
    assert told not in words(berta.get("/").text)
