"""Security event records. Appending takes the account's chain head as the last lock of a unit of work."""

from collections.abc import Sequence

from sqlalchemy import Connection, bindparam, insert, select, update

from xpressbot.foundation.entropy import Entropy
from xpressbot.identity.audit.notices import Notices, event_from
from xpressbot.identity.audit.rules.event import (
    GENESIS,
    SALT_BYTES,
    NewEvent,
    SecurityEvent,
    chained_hash,
    details_hash,
    encode_details,
)
from xpressbot.identity.tables import CHAIN_HEAD, SECURITY_EVENT

_OF_ACCOUNT = CHAIN_HEAD.c.account_id == bindparam("of_account")
_LOCK = select(CHAIN_HEAD.c.seq, CHAIN_HEAD.c.hash).where(_OF_ACCOUNT).with_for_update()
_ADD = insert(SECURITY_EVENT)
_FASTEN = update(CHAIN_HEAD).where(_OF_ACCOUNT).values(seq=bindparam("number"), hash=bindparam("chained"))


class SecurityEvents:
    """Fulfils SecurityEventRecords."""

    def __init__(self, connection: Connection, entropy: Entropy) -> None:
        self._connection = connection
        self._entropy = entropy

    def begin_chain(self, account_id: str) -> None:
        self._connection.execute(insert(CHAIN_HEAD).values(account_id=account_id, seq=0, hash=GENESIS))

    def append(self, account_id: str, event: NewEvent, now: int) -> int:
        head = self._connection.execute(_LOCK, {"of_account": account_id}).one()
        seq: int = head.seq + 1
        salt, details = self._entropy.token_bytes(SALT_BYTES), encode_details(event.details)
        digest = details_hash(salt, details)
        chained = chained_hash(head.hash, account_id=account_id, seq=seq, kind=event.kind, at=now, details_digest=digest)
        row = {
            "account_id": account_id,
            "seq": seq,
            "kind": event.kind.value,
            "at": now,
            "details": details,
            "salt": salt,
            "details_hash": digest,
            "hash": chained,
        }
        self._connection.execute(_ADD, row)
        self._connection.execute(_FASTEN, {"of_account": account_id, "number": seq, "chained": chained})
        Notices(self._connection).tell(account_id, seq, event)
        return seq

    def latest(self, account_id: str, limit: int) -> Sequence[SecurityEvent]:
        statement = (
            select(SECURITY_EVENT).where(SECURITY_EVENT.c.account_id == account_id).order_by(SECURITY_EVENT.c.seq.desc()).limit(limit)
        )
        return [event_from(row) for row in self._connection.execute(statement)]
