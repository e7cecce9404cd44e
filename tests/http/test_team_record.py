"""The page of the team's record: every event in words, with the people named, page by page, and what its address may ask for."""

from collections.abc import Callable

from tests.http.conftest import both_engines
from tests.http.raw_requests import words
from tests.http.team_record import holding, joined, many, owner_and_admin, remove
from tests.http.test_history_page import MIDNIGHT, UNREADABLE, link, titles
from tests.support.browser import Browser
from tests.support.installation import Installation
from tests.support.people import signed_in
from tests.use_cases.instrumentation import statements
from xpressbot.foundation.times import DAY, SECOND
from xpressbot.identity.audit.rules.event import OPERATOR
from xpressbot.identity.audit.rules.history import PAGE_SIZE

PATH = "/team/record"


@both_engines
def test_events_are_in_words_and_name_the_people(installation: Installation, new_browser: Callable[..., Browser]) -> None:
    """Who did it and whom it is about, also who has left; by name and address, and the operator as such."""
    anna, berta = owner_and_admin(installation)
    carl = signed_in(installation.services, "carl@example.com").account
    joined(installation, anna.account.id, carl.id, at=MIDNIGHT, email="carl@example.com", role="agent")
    remove(installation, carl.id)
    browser = holding(new_browser(), berta)
    assert f'href="{PATH}"' in browser.get("/team").text
    page = browser.get(PATH)
    assert (page.status_code, titles(page.text)) == (200, ["Joined the team"] * 4)
    first, _, rest = words(page.text).partition("Joined the team")[2].partition("Joined the team")
    assert "Anna Berg · by Anna Berg" in first  # all that the use cases of tests make are called so
    assert "Done by Anna Berg (anna@example.com)" in first
    assert "About Anna Berg (carl@example.com), no longer in the team" in first
    assert "Email address carl@example.com" in first
    assert "Role Agent" in first
    assert "by the operator" in rest
    assert "Done by The operator" in rest


@both_engines
def test_a_record_of_any_length_costs_as_many_statements(installation: Installation, new_browser: Callable[..., Browser]) -> None:
    """For 10 events and for 100,000, with and without a filter, and each page but the last one is full."""
    browser = holding(new_browser(), owner_and_admin(installation)[0])
    many(installation, 8)
    asked = (PATH, f"{PATH}?member=berta@example.com&to=2999-01-01", f"{PATH}?member=anna@example.com&from=2999-01-01")
    sent = []
    for _length in ("short", "long"):
        counted = []
        for address in asked:
            with statements(installation) as these:
                assert browser.get(address).status_code == 200
            counted.append(len(these))
        sent.append(counted)
        many(installation, 100_000)
    assert sent[0] == sent[1]
    assert max(sent[1]) <= 5
    assert len(titles(browser.get(PATH).text)) == PAGE_SIZE
    cut_short = browser.get(asked[2]).text
    assert titles(cut_short) == []
    assert link(cut_short, "Look further back") is not None


@both_engines
def test_pages_follow_each_other_without_a_gap(installation: Installation, new_browser: Callable[..., Browser]) -> None:
    """Also when something happens between two of them, and with the filter kept."""
    anna, berta = owner_and_admin(installation)
    browser = holding(new_browser(), anna)
    many(installation, PAGE_SIZE + 3)
    first = browser.get(PATH).text
    joined(installation, OPERATOR, berta.account.id, at=MIDNIGHT)
    second = browser.get(link(first, "Older events") or "").text
    assert [len(titles(text)) for text in (first, second)] == [PAGE_SIZE, 5]
    assert link(second, "Older events") is None
    assert len(titles(browser.get(link(second, "Newest events") or "").text)) == PAGE_SIZE
    older = link(browser.get(f"{PATH}?member=berta@example.com").text, "Older events")
    assert older is not None
    assert older.startswith(f"{PATH}?member={berta.account.id}&before=")
    assert len(titles(browser.get(older).text)) == 5


@both_engines
def test_events_are_asked_for_by_member_and_day(installation: Installation, new_browser: Callable[..., Browser]) -> None:
    """By the address of who is there, by the id of who has left; those that the member did count as well as those about them."""
    anna, berta = owner_and_admin(installation)
    browser = holding(new_browser(), anna)
    carl = signed_in(installation.services, "carl@example.com").account
    joined(installation, berta.account.id, carl.id, at=MIDNIGHT - SECOND)
    joined(installation, berta.account.id, carl.id, at=MIDNIGHT + DAY - SECOND)
    assert len(titles(browser.get(f"{PATH}?member=BERTA@example.com").text)) == 3
    assert len(titles(browser.get(f"{PATH}?member=anna@example.com").text)) == 1
    day = browser.get(f"{PATH}?member={carl.id}&from=2026-01-01&to=2026-01-01").text
    assert len(titles(day)) == 1
    remove(installation, carl.id)
    assert len(titles(browser.get(f"{PATH}?member={carl.id}").text)) == 3
    left = browser.get(f"{PATH}?member=carl@example.com")
    assert (left.status_code, len(titles(left.text))) == (422, 5)
    assert "Nobody in the team has this address" in left.text
    assert f'href="{PATH}?member={carl.id}"' in left.text


@both_engines
def test_what_cannot_be_understood_is_left_out_and_told(installation: Installation, new_browser: Callable[..., Browser]) -> None:
    """422, and the record all the same."""
    browser = holding(new_browser(), owner_and_admin(installation)[0])
    unreadable = {query: told.replace("page of your history", "page of the record") for query, told in UNREADABLE.items()}
    unreadable = {query: told for query, told in unreadable.items() if not query.startswith("group")}
    nobody = ("anna", "%00%C3%28", "0" * 32, "f" * 31, "a@" + "x" * 5000 + ".example", "%22%3E%3Cb%3E@example.com")
    unreadable |= {f"member={member}": "Nobody in the team has this address" for member in nobody}
    for query, told in unreadable.items():
        response = browser.get(f"{PATH}?{query}")
        assert response.status_code == 422, query
        assert told in words(response.text), query
        assert "<b>" not in response.text
        assert len(titles(response.text)) == 2, query
    assert browser.get(f"{PATH}?group=sign-in").status_code == 200


def test_what_others_wrote_is_text(installation: Installation, new_browser: Callable[..., Browser]) -> None:
    """A name that is markup, and one with the sign that formats texts."""
    anna, berta = owner_and_admin(installation)
    with installation.services.database.write() as connection:
        connection.exec_driver_sql("UPDATE account SET name = '<img src=x>%(name)s' WHERE email LIKE 'berta%'")
        connection.commit()
    joined(installation, berta.account.id, anna.account.id, at=MIDNIGHT)
    page = holding(new_browser(), anna).get(PATH).text
    assert "<img" not in page
    assert "by &lt;img" in page.replace('<span translate="no">', "")


def test_the_own_history_names_who_acted(installation: Installation, new_browser: Callable[..., Browser]) -> None:
    """What an admin did to a member's account has their name there, too."""
    anna, berta = owner_and_admin(installation)
    with installation.services.database.write() as connection:
        changed = "UPDATE security_event SET actor = '{}' WHERE subject = '{}' AND seq = 1"
        connection.exec_driver_sql(changed.format(berta.account.id, anna.account.id))
        connection.commit()
    text = words(holding(new_browser(), anna).get("/account/history").text)
    assert "Done by Anna Berg (berta@example.com)" in text.partition("Account created")[2]
