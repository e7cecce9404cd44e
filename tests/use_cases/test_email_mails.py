"""Links about addresses while mails cannot leave: none piles up, and the one that is delivered works."""

from pathlib import Path

from sqlalchemy import select

from tests.support.databases import SqliteTemplate
from tests.support.installation import CLIENT, Installation, install
from tests.support.mail_server import free_port, mail_server
from tests.support.mails import links
from tests.use_cases.use_case_browser import ANNA, UseCaseBrowser
from xpressbot.identity.links.rules import LinkKind
from xpressbot.identity.outcomes import Done
from xpressbot.identity.profile.email_confirmation import EmailChanged
from xpressbot.identity.profile.email_stop import Stop
from xpressbot.identity.tables import LINK

NEW = "anna.berg@example.net"


def tried(installation: Installation, kind: LinkKind) -> list[int]:
    """How many links of a kind there are after each of three rounds."""
    counts = []
    for _round in range(3):
        installation.services.mail.next_round()
        installation.clock.advance(minutes=9)
        with installation.services.database.read() as connection:
            counts.append(len(connection.execute(select(LINK).where(LINK.c.kind == kind.value)).all()))
    return counts


def test_a_try_that_fails_leaves_no_link_about_an_address(tmp_path: Path, sqlite_template: SqliteTemplate) -> None:
    """Neither to the new address nor to the one before; when the server is back, each gets one that works."""
    port = free_port()
    url = f"smtp://localhost:{port}?starttls=no"
    installation = install(tmp_path, sqlite_template.fresh(tmp_path), smtp_url=url, mail_from="bot@example.com")
    installation.add_account()
    anna = UseCaseBrowser(installation, email=ANNA).sign_in()
    identity = installation.services.identity
    assert identity.email_change.ask(anna.me, NEW) == Done()
    assert tried(installation, LinkKind.EMAIL) == [0, 0, 0]
    with mail_server(port) as received:
        installation.services.mail.next_round()
    (confirmation,) = links(received.mails, LinkKind.EMAIL)
    changed = identity.email_confirmation.confirm(anna.me, confirmation)
    assert isinstance(changed, EmailChanged)
    assert tried(installation, LinkKind.EMAIL_STOP) == [0, 0, 0]
    installation.clock.advance(hours=1)
    with mail_server(port) as received:
        installation.services.mail.next_round()
    (stop,) = links(received.mails, LinkKind.EMAIL_STOP)
    assert isinstance(identity.email_stop.stop(stop, CLIENT), Stop)
    installation.close()
