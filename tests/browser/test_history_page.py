"""The history in a browser: its days are the reader's own, and its details open without a script."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.browser.conftest import WITH_AND_WITHOUT_JAVASCRIPT
from tests.browser.person import Person
from tests.browser.shortcuts import arrive_signed_in, session_of
from tests.browser.site import Site
from tests.support import labels

pytestmark = pytest.mark.browser
EVENTS = [labels.NOTICE_OF_NEW_BROWSER, "Signed in", "Account created"]
"""The account is made at 14:13 UTC, and its person signs in there and then, and seven hours later."""


def test_events_are_headed_by_the_days_of_the_reader(site: Site, new_person: Callable[..., Person]) -> None:
    """What is one day in UTC is two in India, and each event keeps its place in the order."""
    session_of(site)
    site.clock.advance(hours=7)
    session = session_of(site)
    days = {}
    for zone in ("UTC", "Asia/Kolkata"):
        anna = new_person(timezone_id=zone, locale="en-GB")
        arrive_signed_in(anna, session)
        anna.open("/account/history")
        listed = anna.page.locator("[data-day]")
        days[zone] = [(day.locator("h2").inner_text(), day.locator(".events > li").count()) for day in listed.all()]
        assert anna.page.locator(".events strong").all_inner_texts() == EVENTS
    assert days == {"UTC": [("21 Sept 2026", 3)], "Asia/Kolkata": [("22 Sept 2026", 1), ("21 Sept 2026", 2)]}


@WITH_AND_WITHOUT_JAVASCRIPT
def test_an_event_opens_for_its_details(site: Site, new_person: Callable[..., Person], way_to_browse: dict[str, Any]) -> None:
    """And the filter is a form that asks for another page."""
    person = new_person(**way_to_browse)
    arrive_signed_in(person, session_of(site))
    person.open("/account")
    person.page.get_by_role("link", name=labels.VIEW_HISTORY).click()
    person.page.locator(".events summary").first.click()
    details = person.page.locator(".events details[open]")
    assert labels.DONE_BY in details.inner_text()
    person.page.get_by_label(labels.KIND_OF_EVENTS).select_option("account")
    person.page.get_by_role("button", name=labels.SHOW_THESE_EVENTS).click()
    person.page.wait_for_url("**/account/history?group=account&from=&to=")
    assert person.page.locator(".events strong").all_inner_texts() == ["Account created"]
