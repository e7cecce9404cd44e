"""Links for a new password that are asked for by several at once, on both engines."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from tests.database.test_sessions_at_once import at_once
from tests.http.raw_requests import rows
from tests.support.installation import CLIENT, Installation
from tests.support.mailed_links import links_to
from xpressbot.foundation.mail.outbox import MailState
from xpressbot.identity.links.rules import LinkKind
from xpressbot.identity.outcomes import Done

ANNA, NOBODY = "anna@example.com", "nobody@example.com"
NEW_PASSWORD = "copper-lantern-willow-harbour"


def asking(installation: Installation, *emails: str) -> list[Callable[[], object]]:
    """A request for each, from a network of its own."""
    forgotten = installation.services.identity.forgotten
    return [partial(forgotten.ask, email, replace(CLIENT, address=f"198.51.{number}.1")) for number, email in enumerate(emails)]


def states(installation: Installation) -> list[str]:
    return sorted(row["state"] for row in rows(installation, "outbox") if row["kind"] == "password")


def test_requests_at_once_for_one_address_are_one_mail(installation: Installation) -> None:
    """In whatever spelling; everybody is answered alike, and an address without an account leaves the same row."""
    installation.add_account(ANNA)
    assert at_once(*asking(installation, ANNA, "Anna@Example.com", ANNA, NOBODY, NOBODY)) == [Done()] * 5
    assert states(installation) == [MailState.WAITING.value] * 2
    (link,) = links_to(installation, ANNA, LinkKind.PASSWORD)
    reset = installation.services.identity.password_reset
    outcomes = at_once(*[partial(reset.set, link, NEW_PASSWORD, CLIENT)] * 2)
    # The other is refused: by the link that is used, or, where it reads the account later, by the password that is now in use.
    assert sorted(outcome == Done() for outcome in outcomes) == [False, True]


def test_a_request_beside_the_mail_of_another_is_not_lost(installation: Installation) -> None:
    """It finds the mail that waits, or lets one wait more: in the end nothing does, and the last link opens."""
    installation.add_account(ANNA)
    (ask, again) = asking(installation, ANNA, ANNA)
    ask()
    sent, asked = at_once(installation.services.mail.next_round, again)
    assert sent in {1, 2}
    assert asked == Done()
    links = links_to(installation, ANNA, LinkKind.PASSWORD)
    assert len(links) in {1, 2}
    assert set(states(installation)) == {MailState.SENT.value}
    assert installation.services.identity.password_reset.set(links[-1], NEW_PASSWORD, CLIENT) == Done()
