"""Recording a security event, the notice beside it and the mail that tells it.

After the head of the subject's chain a transaction locks nothing but the event's notice and then its mail.
"""

from sqlalchemy import bindparam, insert, select, update

from xpressbot.foundation.database.transaction import Writing
from xpressbot.foundation.entropy import Entropy
from xpressbot.identity.audit import notice_mails, notice_store
from xpressbot.identity.audit.rules.chain import GENESIS, SALT_BYTES, chained_hash, details_hash, encode_details
from xpressbot.identity.audit.rules.event import NewEvent
from xpressbot.identity.tables import CHAIN_HEAD, SECURITY_EVENT

_OF_SUBJECT = CHAIN_HEAD.c.subject == bindparam("of_subject")
_LOCK_HEAD = select(CHAIN_HEAD.c.seq, CHAIN_HEAD.c.hash).where(_OF_SUBJECT).with_for_update()
_ADD = insert(SECURITY_EVENT)
_MOVE_HEAD = update(CHAIN_HEAD).where(_OF_SUBJECT).values(seq=bindparam("number"), hash=bindparam("chained"))


def begin_chain(tx: Writing, account_id: str) -> None:
    """Give a new account an empty chain."""
    tx.execute(insert(CHAIN_HEAD).values(subject=account_id, seq=0, hash=GENESIS))


def append_event(tx: Writing, entropy: Entropy, account_id: str, event: NewEvent, now: int) -> int:
    """Record an event at the end of the account's chain, and give its sequence number."""
    head = tx.execute(_LOCK_HEAD, {"of_subject": account_id}).one()
    seq: int = head.seq + 1
    salt, details = entropy.token_bytes(SALT_BYTES), encode_details(event.details)
    digest = details_hash(salt, details)
    chained = chained_hash(head.hash, event, subject=account_id, seq=seq, at=now, details_digest=digest)
    row = {
        "subject": account_id,
        "seq": seq,
        "kind": event.kind.value,
        "factor": event.factor,
        "actor": event.actor,
        "target": event.target,
        "at": now,
        "details": details,
        "salt": salt,
        "details_hash": digest,
        "hash": chained,
    }
    tx.execute(_ADD, row)
    tx.execute(_MOVE_HEAD, {"of_subject": account_id, "number": seq, "chained": chained})
    told = notice_store.tell(tx, account_id, seq, event)
    if told is not None:
        notice_mails.queue_notice_mail(tx, entropy, told, now)
    return seq
