"""What the documents say of security events."""

import re

from tests.contract.documents import code_spans, documents, name_of, table
from xpressbot.entrypoints.messages.event_words import EVENT_WORDS
from xpressbot.identity.audit.rules.event import EventKind


def test_notices_of_what_the_operator_or_the_team_may_do_to_2fa_come_first() -> None:
    """The documents name who does it; the dashboard lists these notices before all others."""
    rows = table("docs/security-events.md", "Event")
    first = {row["Event"] for row in rows if row["Notice"].endswith("first")}
    assert {kind.value for kind in EventKind if kind.notice and kind.notice.is_first} == first
    doers = re.compile(r"operator|owner|admin|request")
    assert all(doers.search(row["Recorded when"]) for row in rows if row["Event"] in first)


def test_every_event_has_words_for_people() -> None:
    """No event can reach a dashboard that has no words for it."""
    assert set(EventKind) == set(EVENT_WORDS)


def test_no_document_names_an_event_that_does_not_exist() -> None:
    """What looks like an event in a document is one, or a log line of that area."""
    areas = "|".join(sorted({kind.value.partition(".")[0] for kind in EventKind}))
    logged = {row["Event"] for row in table("docs/operations.md", "Event")}
    known = {kind.value for kind in EventKind} | logged
    named = {
        (name_of(path), span)
        for path in documents()
        for span in code_spans(name_of(path))
        if re.fullmatch(rf"({areas})\.(?!(?:py|html)$)[a-z_]+", span)
    }
    assert sorted((path, span) for path, span in named if span not in known) == []
