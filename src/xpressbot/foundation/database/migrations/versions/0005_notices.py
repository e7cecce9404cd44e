"""Notices beside their events; right passwords that stop at the second factor; counts that are forgotten with their waits untold."""

import json
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_RECOVERY_SIGN_IN = "sign_in.completed_with_recovery_code"
_REPEATED = frozenset(
    {
        "sign_in.second_factor_refused",
        "sign_in.second_factor_suspended",
        "sign_in.enrolment_awaited",
        "sign_in.password_guessing",
        "session.ended_by_failed_step_up",
    }
)
"""Kinds of which one notice tells all events."""
_SINGLE = frozenset(
    {
        "account.disabled",
        "account.enabled",
        _RECOVERY_SIGN_IN,
        "totp.enabled",
        "totp.moved",
        "totp.added",
        "totp.removed",
        "totp.reset",
        "totp.disabled",
        "recovery_codes.revealed",
        "recovery_codes.replaced",
    }
)


def upgrade() -> None:
    """Add table and columns. What nobody has acknowledged yet becomes notices; the number of the last one seen goes."""
    op.create_table(
        "notice",
        sa.Column("account_id", sa.String(length=32), nullable=False),
        sa.Column("first_seq", sa.Integer(), nullable=False),
        sa.Column("last_seq", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("several_places", sa.Boolean(), nullable=False),
        sa.Column("session_id", sa.String(length=32), nullable=True),
        sa.Column("acknowledged_at", sa.BigInteger(), nullable=True),
        sa.Column("mailed_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_notice_account_id")),
        sa.PrimaryKeyConstraint("account_id", "first_seq", name=op.f("pk_notice")),
    )
    is_open = sa.text("acknowledged_at IS NULL")
    op.create_index("ix_notice_open", "notice", ["account_id", "last_seq"], sqlite_where=is_open, postgresql_where=is_open)
    connection = op.get_bind()
    notices = list(_open_notices(connection))
    if notices:
        connection.execute(sa.table("notice", *map(sa.column, notices[0])).insert(), notices)
    op.drop_column("account", "notices_seen")
    op.add_column("pending_sign_in", sa.Column("after_waits", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("pending_sign_in", sa.Column("to_tell", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("pending_sign_in", sa.Column("address", sa.Text(), nullable=True))
    op.add_column("pending_sign_in", sa.Column("user_agent", sa.Text(), nullable=True))
    op.add_column("throttle_bucket", sa.Column("charged_before", sa.BigInteger(), nullable=True))
    op.add_column("throttle_bucket", sa.Column("carried_delays", sa.Integer(), nullable=False, server_default=sa.text("0")))


def _open_notices(connection: sa.Connection) -> Iterator[dict[str, Any]]:
    """One of each event that was not acknowledged, and one of all those of a kind that is told as one."""
    statement = sa.text(
        "SELECT e.account_id, e.seq, e.kind, e.details FROM security_event e JOIN account a ON a.id = e.account_id"
        " WHERE e.seq > a.notices_seen AND e.kind IN :kinds ORDER BY e.account_id, e.seq"
    ).bindparams(sa.bindparam("kinds", sorted(_REPEATED | _SINGLE), expanding=True))
    of_account: str | None = None
    repeated: dict[str, tuple[dict[str, Any], object]] = {}
    for row in connection.execute(statement).all():
        if row.account_id != of_account:
            yield from (notice for notice, _place in repeated.values())
            of_account, repeated = row.account_id, {}
        details = json.loads(row.details or "{}")
        place, count = (details.get("user_agent"), details.get("address")), details.get("count", 1)
        session = None if row.kind in {*_REPEATED, _RECOVERY_SIGN_IN} else details.get("session")
        notice = {
            "account_id": row.account_id,
            "first_seq": row.seq,
            "last_seq": row.seq,
            "kind": row.kind,
            "count": count,
            "several_places": False,
            "session_id": session,
        }
        if row.kind not in _REPEATED:
            yield notice
        elif row.kind not in repeated:
            repeated[row.kind] = (notice, place)
        else:
            merged, before = repeated[row.kind]
            merged |= {"last_seq": row.seq, "count": merged["count"] + count}
            merged["several_places"] = merged["several_places"] or place != before
            repeated[row.kind] = (merged, place)
    yield from (notice for notice, _place in repeated.values())
