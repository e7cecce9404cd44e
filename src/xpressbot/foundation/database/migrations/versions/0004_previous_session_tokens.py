"""The token that a session had before its last rise: a request that still brings it changes nothing, and is told so."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add the column and its index."""
    op.add_column("session", sa.Column("previous_token_hash", sa.LargeBinary(length=32), nullable=True))
    op.create_index(op.f("ix_session_previous_token_hash"), "session", ["previous_token_hash"], unique=False)
