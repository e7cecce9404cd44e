"""Pending sign-in records. Consumed ones stay until they are swept, so that a double click can be recognised."""

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from xpressbot.identity.adapters.database.sessions import amr_from, stored_amr
from xpressbot.identity.adapters.database.tables import ACCOUNT, PENDING_SIGN_IN
from xpressbot.identity.domain.pending_sign_in import NextStep, PendingSignIn

_BY_TOKEN = (
    select(PENDING_SIGN_IN, ACCOUNT.c.email)
    .join(ACCOUNT, ACCOUNT.c.id == PENDING_SIGN_IN.c.account_id)
    .where(PENDING_SIGN_IN.c.token_hash == bindparam("token_hash"))
)
_ADD = insert(PENDING_SIGN_IN)
_CONSUMED_AT = select(PENDING_SIGN_IN.c.consumed_at).where(PENDING_SIGN_IN.c.token_hash == bindparam("of_token"))
_CONSUME = (
    update(PENDING_SIGN_IN)
    .where(
        PENDING_SIGN_IN.c.token_hash == bindparam("of_token"),
        PENDING_SIGN_IN.c.consumed_at.is_(None),
        PENDING_SIGN_IN.c.expires_at > bindparam("now"),
    )
    .values(consumed_at=bindparam("now"))
)


class PendingSignIns:
    """Fulfils PendingSignInRecords."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, pending: PendingSignIn, token_hash: bytes, now: int) -> None:
        row = {
            "id": pending.id,
            "kind": pending.next_step.value,
            "token_hash": token_hash,
            "account_id": pending.account_id,
            "security_version": pending.security_version,
            "amr": stored_amr(pending.amr),
            "next_path": pending.next_path,
            "password_bucket": pending.password_bucket,
            "created_at": now,
            "expires_at": pending.expires_at,
        }
        self._connection.execute(_ADD, row)

    def by_token(self, token_hash: bytes) -> PendingSignIn | None:
        row = self._connection.execute(_BY_TOKEN, {"token_hash": token_hash}).one_or_none()
        if row is None:
            return None
        return PendingSignIn(
            id=row.id,
            next_step=NextStep(row.kind),
            account_id=row.account_id,
            email=row.email,
            security_version=row.security_version,
            amr=amr_from(row.amr),
            next_path=row.next_path,
            password_bucket=row.password_bucket,
            expires_at=row.expires_at,
            consumed_at=row.consumed_at,
        )

    def is_consumed(self, token_hash: bytes) -> bool:
        return self._connection.execute(_CONSUMED_AT, {"of_token": token_hash}).scalar_one_or_none() is not None

    def consume(self, token_hash: bytes, now: int) -> bool:
        return self._connection.execute(_CONSUME, {"of_token": token_hash, "now": now}).rowcount == 1

    def end_all(self, account_id: str) -> None:
        self._connection.execute(
            delete(PENDING_SIGN_IN).where(PENDING_SIGN_IN.c.account_id == account_id, PENDING_SIGN_IN.c.consumed_at.is_(None))
        )
