"""The team's record for tests: owners and admins in browsers, and a long chain."""

from sqlalchemy import text, update

from tests.http.raw_requests import SESSION_COOKIE
from tests.support.browser import Browser
from tests.support.installation import Installation
from tests.support.people import Person, protected
from xpressbot.foundation.database.transaction import Transactions
from xpressbot.foundation.entropy import SystemEntropy
from xpressbot.identity.accounts.rules.account import AccountStatus
from xpressbot.identity.accounts.rules.roles import Role
from xpressbot.identity.audit.append import append_event
from xpressbot.identity.audit.rules.event import TEAM, EventKind, NewEvent
from xpressbot.identity.tables import ACCOUNT

_COPIES = """
INSERT INTO security_event (subject, seq, kind, factor, actor, target, at, details, salt, details_hash, hash)
WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < :count)
SELECT subject, seq + n, kind, factor, actor, target, at, details, salt, details_hash, hash
FROM numbers, security_event WHERE subject = 'team' AND seq = :last
"""


def holding(browser: Browser, person: Person) -> Browser:
    """The browser with this person's session."""
    browser.cookies.set(SESSION_COOKIE, person.caller.token.text)
    return browser


def owner_and_admin(installation: Installation) -> tuple[Person, Person]:
    """Anna, the owner, and Berta, an admin, with 2FA on: the record has an event of each."""
    return protected(installation.services), protected(installation.services, "berta@example.com", role=Role.ADMIN)


def joined(installation: Installation, actor: str, target: str, *, at: int, **details: str) -> None:
    """Record an event of the team."""
    with Transactions(installation.services.database).writing() as tx:
        append_event(tx, SystemEntropy(), TEAM, NewEvent(EventKind.MEMBER_JOINED, details, actor=actor, target=target), at)
        tx.commit()


def many(installation: Installation, count: int) -> None:
    """Copy the newest event so often. The hashes of the copies do not matter to a page."""
    with installation.services.database.write() as connection:
        last = connection.execute(text("SELECT max(seq) FROM security_event WHERE subject = 'team'")).scalar_one()
        connection.execute(text(_COPIES), {"count": count, "last": last})
        connection.execute(text("UPDATE chain_head SET seq = :last WHERE subject = 'team'"), {"last": last + count})
        connection.commit()


def remove(installation: Installation, account_id: str) -> None:
    """Take a member out of the team."""
    with installation.services.database.write() as connection:
        gone = {"status": AccountStatus.REMOVED.value, "email_key": None}
        connection.execute(update(ACCOUNT).where(ACCOUNT.c.id == account_id).values(gone))
        connection.commit()
