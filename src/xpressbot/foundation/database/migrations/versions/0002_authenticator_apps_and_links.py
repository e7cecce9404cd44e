"""Several authenticator apps, moves, links to a person, sign-ins that must enrol, and what the service has noticed."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the columns; what is there keeps its meaning."""
    op.add_column("account", sa.Column("must_enrol", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("pending_sign_in", sa.Column("kind", sa.String(length=16), nullable=False, server_default="second_factor"))
    op.execute("ALTER TABLE authenticator RENAME COLUMN session_id TO begun_in")
    op.add_column("authenticator", sa.Column("name", sa.Text(), nullable=False, server_default=sa.text("''")))
    op.add_column("authenticator", sa.Column("purpose", sa.String(length=16), nullable=False, server_default="replace"))
    op.add_column("authenticator", sa.Column("replaces", sa.String(length=32), nullable=True))
    op.add_column("authenticator", sa.Column("renews_codes", sa.Boolean(), nullable=False, server_default=sa.false()))
    # As SQL: Alembic has no words for a column with a foreign key that both engines take.
    op.execute("ALTER TABLE link ADD COLUMN account_id VARCHAR(32) CONSTRAINT fk_link_account_id REFERENCES account (id)")
    op.add_column("link", sa.Column("email", sa.Text(), nullable=True))
    op.add_column("link", sa.Column("email_key", sa.Text(), nullable=True))
    op.create_table(
        "observation",
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("kind", name=op.f("pk_observation")),
    )
