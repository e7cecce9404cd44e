"""What becomes of pending sign-ins and of counts of passwords. Both may still owe their account an event when they have ended."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from sqlalchemy import case, null

from xpressbot.foundation.clock_and_entropy import System
from xpressbot.foundation.database.expiry import ExpiringRows, Key, take_owing
from xpressbot.foundation.database.rows_at_restore import AtRestore, EndsAtRestore
from xpressbot.foundation.database.transaction import Writing
from xpressbot.foundation.times import DAY, MINUTE
from xpressbot.identity.accounts import store as account_store
from xpressbot.identity.audit.append import append_event
from xpressbot.identity.sign_in.incomplete_sign_ins import guessing_event, take_stopped
from xpressbot.identity.sign_in.rules.pending import LIFETIME
from xpressbot.identity.sign_in.store import IS_TO_BE_TOLD
from xpressbot.identity.tables import PENDING_SIGN_IN, THROTTLE_BUCKET
from xpressbot.identity.throttling.retention import expiring_counts
from xpressbot.identity.throttling.rules import FORGOTTEN_AFTER, KNOWN_BROWSER, STRANGER
from xpressbot.identity.throttling.store import HAS_WAITS_TO_TELL, report_of

PENDING_SIGN_IN_KEPT: Final = 20 * MINUTE
"""Longer than a browser keeps its cookie, so that a second click is always told from an unknown sign-in."""
PASSWORD_COUNT_KEPT: Final = 30 * DAY
"""Of a known browser's. So long that slow guesses in it are counted on, and reach the alarm."""


def _tell_of_stopped(tx: Writing, system: System, _rows: ExpiringRows, account_id: str, _keys: Sequence[Key], /) -> int:
    """Make one event of all the sign-ins of an account that have stopped. They wait until the account may be told of them again."""
    account = account_store.lock(tx, account_id)
    now = system.now()
    event = None if account is None else take_stopped(tx, account_id, now, expired_by=now)
    if event is not None:
        append_event(tx, system.entropy, account_id, event, now)
    return 0


def _tell_of_guesses(tx: Writing, system: System, rows: ExpiringRows, account_id: str, keys: Sequence[Key], /) -> int:
    """Make events of the waits that counts still know of: they must not be forgotten with them."""
    account = account_store.lock(tx, account_id)
    now = system.now()
    taken = take_owing(tx, rows, keys, now)
    for row in taken if account is not None else ():
        append_event(tx, system.entropy, account_id, guessing_event(report_of(row)), now)
    return len(taken)


def _counts_of_passwords(name: str, bucket: str, *, kept: int) -> ExpiringRows:
    owed_to = case((HAS_WAITS_TO_TELL, THROTTLE_BUCKET.c.account_id), else_=null())
    return replace(expiring_counts(name, bucket, kept=kept), owed_to=owed_to, settle=_tell_of_guesses)


EXPIRING_ROWS: Final = (
    ExpiringRows(
        "pending_sign_ins",
        PENDING_SIGN_IN.c.id,
        PENDING_SIGN_IN.c.expires_at,
        PENDING_SIGN_IN_KEPT,
        lifetime=LIFETIME,
        owed_to=case((IS_TO_BE_TOLD, PENDING_SIGN_IN.c.account_id), else_=null()),
        settle=_tell_of_stopped,
    ),
    _counts_of_passwords("password_counts", KNOWN_BROWSER, kept=PASSWORD_COUNT_KEPT),
    _counts_of_passwords("stranger_counts", STRANGER, kept=FORGOTTEN_AFTER),
)
AT_RESTORE: Final[tuple[AtRestore, ...]] = (EndsAtRestore("half-done sign-ins", PENDING_SIGN_IN),)
