"""Leases; whom waits that strangers caused are to be told to, so that old counts can be swept; links found by whom they are for."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the table, the column and the indexes. A count that is there already learns its account at its next try."""
    op.create_table(
        "lease",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("holder", sa.String(length=32), nullable=False),
        sa.Column("held_until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_lease")),
    )
    op.add_column("throttle_bucket", sa.Column("account_id", sa.String(length=32), nullable=True))
    op.create_index(op.f("ix_link_account_id"), "link", ["account_id"], unique=False)
    op.create_index(op.f("ix_link_email_key"), "link", ["email_key"], unique=False)
