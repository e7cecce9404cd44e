"""The page of an account's history: every event in words, page by page, and what the address of the page may ask for."""

import html
import re
from collections.abc import Callable, Iterable
from urllib.parse import quote

from sqlalchemy import insert, update
from starlette.applications import Starlette

from tests.http.conftest import Protected, both_engines
from tests.http.raw_requests import words
from tests.support.browser import Browser
from tests.support.installation import Installation
from tests.use_cases.instrumentation import statements
from xpressbot.foundation.times import DAY, SECOND
from xpressbot.identity.audit.rules.chain import encode_details
from xpressbot.identity.audit.rules.event import EventKind
from xpressbot.identity.audit.rules.history import MOST_LOOKED_THROUGH, PAGE_SIZE
from xpressbot.identity.tables import SECURITY_EVENT

PATH = "/account/history"
MIDNIGHT = 1_767_225_600 * SECOND
"""2026-01-01, UTC."""


def add_events(installation: Installation, account_id: str, kinds: Iterable[EventKind], *, after: int, at: int = MIDNIGHT) -> None:
    """Put rows at the end of a record, a minute apart. Their hashes do not matter to the page."""
    rows = [
        {
            "subject": account_id,
            "seq": after + number,
            "kind": kind.value,
            "at": at + number * 60 * SECOND,
            "details": encode_details({"address": "192.0.2.7"}),
            "details_hash": bytes(32),
            "hash": bytes(32),
        }
        for number, kind in enumerate(kinds, start=1)
    ]
    with installation.services.database.write() as connection:
        connection.execute(insert(SECURITY_EVENT), rows)
        connection.commit()


def titles(text: str) -> list[str]:
    return re.findall(r"<strong>([^<]*)</strong>", text.partition('<section class="card" aria-label="Events">')[2])


def link(text: str, label: str) -> str | None:
    found = re.search(rf'href="([^"]*)">{label}<', text)
    return html.unescape(found[1]) if found else None


@both_engines
def test_events_are_shown_in_words_newest_first(protected: Protected, new_browser: Callable[..., Browser]) -> None:
    """With who did it, from where, by what, and whether it was this session; the settings page leads there."""
    browser = new_browser(address="203.0.113.66")
    browser.sign_in()
    browser.post("/sign-in/code", code="000000")
    assert 'href="/account/history"' in protected.browser.get("/account").text
    response = protected.browser.get(PATH)
    assert response.status_code == 200
    text = words(response.text)
    assert titles(response.text)[0] == "Wrong code after the right password"
    assert titles(response.text)[-1] == "Account created"
    refused, _, others = text.partition("Wrong code after the right password")[2].partition("2FA enabled")
    assert "Done by Not known: nothing proved who it was" in refused
    assert "Factor Authenticator app" in refused
    assert "Network address 203.0.113.66" in refused
    assert "Reason Wrong code" in refused
    assert "Done by You" in others
    assert "Session This one" in others
    assert "Proven by password" in others
    assert "Done by The operator" in others.partition("Account created")[2]


@both_engines
def test_the_page_of_a_new_account_has_its_making_and_the_sign_in(signed_in: Browser) -> None:
    """Nothing else, and no links to other pages."""
    text = signed_in.get(PATH).text
    assert titles(text) == ["Signed in", "Account created"]
    assert link(text, "Older events") is None
    assert link(text, "Newest events") is None


def test_an_empty_history_says_so(signed_in: Browser, installation: Installation) -> None:
    """Even if its rows were taken out."""
    with installation.services.database.write() as connection:
        connection.execute(SECURITY_EVENT.delete())
        connection.commit()
    assert "Nothing yet. What happens to your account will be listed here." in words(signed_in.get(PATH).text)


@both_engines
def test_pages_follow_each_other_without_a_gap(signed_in: Browser, installation: Installation) -> None:
    """Also when something happens between two of them: the second begins where the first has ended."""
    kinds = [EventKind.SIGNED_OUT if number % 2 else EventKind.BACKUPS_REVEALED for number in range(2 * PAGE_SIZE)]
    account_id = account_of(installation)
    add_events(installation, account_id, kinds, after=2)
    first = signed_in.get(PATH).text
    add_events(installation, account_id, [EventKind.TWO_FACTOR_RESET], after=2 + len(kinds))
    second = signed_in.get(link(first, "Older events") or "").text
    third = signed_in.get(link(second, "Older events") or "").text
    assert [len(titles(text)) for text in (first, second, third)] == [PAGE_SIZE, PAGE_SIZE, 2]
    assert titles(third) == ["Signed in", "Account created"]
    assert link(third, "Older events") is None
    assert titles(signed_in.get(link(third, "Newest events") or "").text)[0] == "2FA was reset"

    filtered = signed_in.get(f"{PATH}?group=recovery-codes").text
    assert (set(titles(filtered)), len(titles(filtered))) == ({"Recovery codes shown"}, PAGE_SIZE)
    assert link(filtered, "Older events") is None


@both_engines
def test_days_are_those_of_utc_and_both_ends_are_included(signed_in: Browser, installation: Installation) -> None:
    """From midnight to midnight; with a group they hold together, also on the next page."""
    account_id = account_of(installation)
    add_events(installation, account_id, [EventKind.SIGNED_OUT] * (PAGE_SIZE + 1), after=2, at=MIDNIGHT - DAY)
    add_events(installation, account_id, [EventKind.BACKUPS_PREPARED], after=PAGE_SIZE + 3, at=MIDNIGHT - 60 * SECOND)
    add_events(installation, account_id, [EventKind.BACKUPS_REPLACED], after=PAGE_SIZE + 4, at=MIDNIGHT + DAY - 61 * SECOND)
    add_events(installation, account_id, [EventKind.TWO_FACTOR_RESET], after=PAGE_SIZE + 5, at=MIDNIGHT + DAY - 60 * SECOND)
    day = signed_in.get(f"{PATH}?from=2026-01-01&to=2026-01-01").text
    assert titles(day) == ["Recovery codes replaced", "New recovery codes prepared"]
    assert 'value="2026-01-01"' in day
    before = signed_in.get(f"{PATH}?group=sign-in&from=&to=2025-12-31").text
    older = link(before, "Older events")
    assert older == f"{PATH}?group=sign-in&to=2025-12-31&before=4"
    assert titles(signed_in.get(older).text) == ["Signed out"]
    assert titles(signed_in.get(f"{PATH}?group=account&to=2020-01-01").text) == []
    assert "Nothing of this kind happened in that time." in words(signed_in.get(f"{PATH}?group=account&to=2020-01-01").text)


@both_engines
def test_a_filter_looks_through_so_many_events_and_offers_to_go_on(signed_in: Browser, installation: Installation) -> None:
    """A long record costs as many statements as a short one, whatever is asked for, and no page reads all of it."""
    with statements(installation) as few:
        signed_in.get(f"{PATH}?group=account")
    add_events(installation, account_of(installation), [EventKind.SIGNED_OUT] * (MOST_LOOKED_THROUGH + 100), after=2)
    with statements(installation) as many:
        text = signed_in.get(f"{PATH}?group=account").text
    assert len(many) == len(few)
    assert titles(text) == []
    assert "There are older ones." in text
    rest = signed_in.get(link(text, "Look further back") or "").text
    assert titles(rest) == ["Account created"]
    assert link(rest, "Look further back") is None


UNREADABLE = {
    "group=sessions": "There is no such group",
    "from=2026-02-30": "There is no such day",
    "to=yesterday": "There is no such day",
    "from=" + "9" * 5000: "There is no such day",
    "from=2020-01-02&to=2020-01-01": "This day is before the first one",
    "before=seven": "There is no such page of your history.",
    "before=-1": "There is no such page of your history.",
    "before=99999999999999999999": "There is no such page of your history.",
    "group=%00%C3%28&from=%22%3E%3Cb%3E&before=%F0%9F%98%80": "There is no such group",
}


@both_engines
def test_what_cannot_be_understood_is_left_out_and_told(signed_in: Browser) -> None:
    """422, and the history all the same."""
    for query, told in UNREADABLE.items():
        response = signed_in.get(f"{PATH}?{query}")
        assert response.status_code == 422, query
        assert told in words(response.text), query
        assert "<b>" not in response.text
        assert titles(response.text) == ["Signed in", "Account created"], query


@both_engines
def test_a_number_beyond_the_end_begins_with_the_newest(signed_in: Browser) -> None:
    """It is what a link may have named before a restore."""
    assert titles(signed_in.get(f"{PATH}?before=2147483647").text)[-1] == "Account created"
    assert "There is nothing older." in words(signed_in.get(f"{PATH}?before=1").text)


def test_what_others_wrote_is_text(app: Starlette, installation: Installation, new_browser: Callable[..., Browser]) -> None:
    """A browser that calls itself by markup."""
    installation.add_account()
    hostile = '"><script>alert(1)</script><img src=x onerror=alert(2)>'
    browser = new_browser(user_agent=hostile)
    browser.sign_in()
    text = browser.get(PATH).text
    assert "<script>alert" not in text
    assert "<img" not in text
    assert html.escape(hostile, quote=True).replace("&#x27;", "&#39;").replace("&quot;", "&#34;") in text


def test_what_a_newer_version_recorded_is_shown_as_such(signed_in: Browser, installation: Installation) -> None:
    """Kind, factor and details of names that this version does not know, without their values being interpreted."""
    details = encode_details({"address": "192.0.2.7", "colour": "<b>blue", "reason": "too_blue", "amr": "pwd aura"})
    with installation.services.database.write() as connection:
        changed = update(SECURITY_EVENT).where(SECURITY_EVENT.c.seq == 2)
        connection.execute(changed.values(kind="aura.read", factor="aura", actor="f" * 32, details=details))
        connection.commit()
    text = words(signed_in.get(PATH).text)
    told = text.partition("Something else happened")[2].partition("Account created")[0]
    assert "Recorded by a newer version of XpressBot" in told
    assert "Factor aura" in told
    assert "Done by Another account" in told
    assert "Reason too_blue" in told
    assert "Proven by password, aura" in told
    assert "colour <b>blue" in told
    assert "Something else happened" not in words(signed_in.get(f"{PATH}?group=sign-in").text)


def test_nobody_sees_the_history_of_another(signed_in: Browser, installation: Installation, new_browser: Callable[..., Browser]) -> None:
    """The session says whose it is, and nothing in the address does; without one there is the sign-in page."""
    installation.add_account("berta@example.com", "Berta")
    berta = new_browser(address="203.0.113.66")
    berta.sign_in("berta@example.com")
    assert "203.0.113.66" not in signed_in.get(f"{PATH}?subject={quote(account_of(installation, 'berta@example.com'))}").text
    assert new_browser().get(PATH).headers["location"] == f"/sign-in?next={PATH}"


def account_of(installation: Installation, email: str = "anna@example.com") -> str:
    accounts = installation.services.identity.administration.list_accounts()
    return next(one.account.id for one in accounts if one.account.email == email)
