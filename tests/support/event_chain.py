"""An account's chain of security events, checked from the rule that it follows, not by the adapter that writes it."""

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, func, select

from xpressbot.entrypoints.services import Services
from xpressbot.identity.audit.rules.chain import GENESIS, chained_hash, details_hash
from xpressbot.identity.audit.rules.event import EventKind, NewEvent
from xpressbot.identity.tables import CHAIN_HEAD, SECURITY_EVENT, SESSION


def events_of(services: Services, account_id: str) -> Sequence[Row[Any]]:
    """All rows of an account, in their order."""
    with services.database.read() as connection:
        return connection.execute(select(SECURITY_EVENT).where(SECURITY_EVENT.c.subject == account_id).order_by(SECURITY_EVENT.c.seq)).all()


def broken_at(services: Services, account_id: str) -> int | None:
    """The first event whose hash is wrong, or that contradicts its details."""
    previous, seq = GENESIS, 0
    for event in events_of(services, account_id):
        seq += 1
        known_details = event.details is None or details_hash(event.salt, event.details) == event.details_hash
        recorded = NewEvent(EventKind(event.kind), {}, event.factor, event.actor, event.target)
        expected = chained_hash(previous, recorded, subject=account_id, seq=seq, at=event.at, details_digest=event.details_hash)
        if event.seq != seq or event.hash != expected or not known_details:
            return seq
        assert event.details is None or isinstance(json.loads(event.details), dict)
        previous = event.hash
    with services.database.read() as connection:
        head = connection.execute(select(CHAIN_HEAD).where(CHAIN_HEAD.c.subject == account_id)).one()
    assert (head.seq, head.hash) == (seq, previous)
    return None


def sign_ins(services: Services, account_id: str) -> tuple[int, int]:
    """How often an account has signed in without a recovery code: by its record, and by the sessions that there are."""
    kinds = [EventKind.SIGNED_IN.value, EventKind.SIGNED_IN_IN_NEW_BROWSER.value]
    signed_in = (SECURITY_EVENT.c.subject == account_id, SECURITY_EVENT.c.kind.in_(kinds))
    with services.database.read() as connection:
        events: int = connection.execute(select(func.count()).select_from(SECURITY_EVENT).where(*signed_in)).scalar_one()
        sessions: int = connection.execute(select(func.count()).where(SESSION.c.account_id == account_id)).scalar_one()
    return events, sessions
