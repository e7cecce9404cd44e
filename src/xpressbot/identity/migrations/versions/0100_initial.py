"""The first schema."""

import sqlalchemy as sa
from alembic import op

revision = "0100"
down_revision = None


def upgrade() -> None:
    """Create all tables, and the rows of which there is one each."""
    op.create_table(
        "account",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("email_key", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("security_version", sa.Integer(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("must_enrol", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("password_status", sa.String(length=16), server_default=sa.text("'in_use'"), nullable=False),
        sa.Column("language", sa.String(length=35), nullable=True),
        sa.Column("mail_language", sa.String(length=35), nullable=True),
        sa.Column("email_confirmed_at", sa.BigInteger(), nullable=True),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("role_since", sa.BigInteger(), nullable=False),
        sa.Column("role_given_by", sa.String(length=32), nullable=True),
        sa.Column("invited_by", sa.String(length=32), nullable=True),
        sa.Column("protected_since", sa.BigInteger(), nullable=True),
        sa.Column("last_signed_in_at", sa.BigInteger(), nullable=True),
        sa.Column("exempt_until", sa.BigInteger(), nullable=True),
        sa.Column("exempt_reason", sa.Text(), nullable=True),
        sa.Column("reset_request_id", sa.String(length=32), nullable=True),
        sa.Column("name_key", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("reminder_put_off_until", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint("email_key", name=op.f("uq_account_email_key")),
    )
    op.create_index(op.f("ix_account_role_status"), "account", ["role", "status"])
    unconfirmed = sa.text("email_confirmed_at IS NULL AND email_key IS NOT NULL")
    must_enrol = sa.text("must_enrol")
    op.create_index("ix_account_must_enrol", "account", ["id"], sqlite_where=must_enrol, postgresql_where=must_enrol)
    op.create_index("ix_account_unconfirmed", "account", ["id"], sqlite_where=unconfirmed, postgresql_where=unconfirmed)
    op.create_table(
        "chain_head",
        sa.Column("subject", sa.String(length=32), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("hash", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("subject", name=op.f("pk_chain_head")),
    )
    op.create_table(
        "invitation",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("email_key", sa.Text(), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("invited_by", sa.String(length=32), nullable=True),
        sa.Column("inviter_version", sa.Integer(), nullable=True),
        sa.Column("invited_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitation")),
        sa.UniqueConstraint("email_key", name=op.f("uq_invitation_email_key")),
    )
    op.create_table(
        "key_state",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("active_key", sa.String(length=16), nullable=True),
        sa.Column("keys_in_use", sa.String(), nullable=False),
        sa.Column("lookup_key", sa.String(length=16), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_key_state")),
    )
    op.create_table(
        "lease",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("holder", sa.String(length=32), nullable=False),
        sa.Column("held_until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_lease")),
    )
    op.create_table(
        "outbox",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.String(length=32), nullable=True),
        sa.Column("parameters", sa.Text(), nullable=False),
        sa.Column("about", sa.Text(), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("wanted_at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("last_failure", sa.String(length=32), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
    )
    waiting, sent = sa.text("state = 'waiting'"), sa.text("state = 'sent'")
    op.create_index("ix_outbox_due", "outbox", ["priority", "due_at", "id"], sqlite_where=waiting, postgresql_where=waiting)
    op.create_index("ix_outbox_sent", "outbox", ["priority", "ended_at"], sqlite_where=sent, postgresql_where=sent)
    op.create_index("uq_outbox_waiting", "outbox", ["about"], unique=True, sqlite_where=waiting, postgresql_where=waiting)
    op.create_index("ix_outbox_about", "outbox", ["about"])
    op.create_index("ix_outbox_state", "outbox", ["state", "wanted_at"])
    op.create_table(
        "observation",
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("kind", name=op.f("pk_observation")),
    )
    op.create_table(
        "security_event",
        sa.Column("subject", sa.String(length=32), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("factor", sa.String(length=32), nullable=True),
        sa.Column("actor", sa.String(length=32), nullable=True),
        sa.Column("target", sa.String(length=32), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("details", sa.Text(), nullable=True),
        sa.Column("salt", sa.LargeBinary(length=16), nullable=True),
        sa.Column("details_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("hash", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("subject", "seq", name=op.f("pk_security_event")),
    )
    op.create_table(
        "throttle_bucket",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("next_allowed_at", sa.BigInteger(), nullable=False),
        sa.Column("window_began_at", sa.BigInteger(), nullable=False),
        sa.Column("charged_at", sa.BigInteger(), nullable=False),
        sa.Column("charged_before", sa.BigInteger(), nullable=True),
        sa.Column("delayed_since", sa.BigInteger(), nullable=True),
        sa.Column("reported_tries", sa.Integer(), nullable=False),
        sa.Column("carried_delays", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("account_id", sa.String(length=32), nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_throttle_bucket")),
    )
    op.create_table(
        "authenticator",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("account_id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("begun_in", sa.String(length=32), nullable=True),
        sa.Column("security_version", sa.Integer(), nullable=False),
        sa.Column("plan", sa.String(length=16), nullable=False),
        sa.Column("replaces", sa.String(length=32), nullable=True),
        sa.Column("renews_backups", sa.Boolean(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.Column("confirmed_at", sa.BigInteger(), nullable=True),
        sa.Column("last_used_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_authenticator_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_authenticator")),
    )
    op.create_index(op.f("ix_authenticator_account_id_state"), "authenticator", ["account_id", "state"])
    op.create_index(
        "uq_authenticator_enrolment",
        "authenticator",
        ["begun_in"],
        unique=True,
        sqlite_where=sa.text("state = 'pending'"),
        postgresql_where=sa.text("state = 'pending'"),
    )
    op.create_table(
        "installation",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("claimed_by", sa.String(length=32), nullable=True),
        sa.Column("two_factor_policy", sa.String(length=16), server_default=sa.text("'optional'"), nullable=False),
        sa.Column("two_factor_required_from", sa.BigInteger(), nullable=True),
        sa.Column("first_steps_hidden_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("id = 1", name=op.f("ck_installation_one_row")),
        sa.ForeignKeyConstraint(["claimed_by"], ["account.id"], name=op.f("fk_installation_claimed_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_installation")),
    )
    op.create_table(
        "known_browser",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("previous_token_hash", sa.LargeBinary(length=32), nullable=True),
        sa.Column("account_id", sa.String(length=32), nullable=False),
        sa.Column("last_sign_in_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_known_browser_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_known_browser")),
        sa.UniqueConstraint("token_hash", "account_id", name=op.f("uq_known_browser_token_hash_account_id")),
    )
    op.create_index(op.f("ix_known_browser_account_id_last_sign_in_at"), "known_browser", ["account_id", "last_sign_in_at"])
    op.create_index(op.f("ix_known_browser_previous_token_hash"), "known_browser", ["previous_token_hash"])
    op.create_table(
        "link",
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("consumed_at", sa.BigInteger(), nullable=True),
        sa.Column("account_id", sa.String(length=32), nullable=True),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("email_key", sa.Text(), nullable=True),
        sa.Column("security_version", sa.Integer(), nullable=True),
        sa.Column("about", sa.String(length=32), nullable=True),
        sa.Column("mailed", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_link_account_id")),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_link")),
    )
    op.create_index(op.f("ix_link_about"), "link", ["about"])
    op.create_index(op.f("ix_link_account_id"), "link", ["account_id"])
    op.create_index(op.f("ix_link_email_key"), "link", ["email_key"])
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
    op.create_index(
        "ix_notice_open",
        "notice",
        ["account_id", "last_seq"],
        unique=False,
        sqlite_where=sa.text("acknowledged_at IS NULL"),
        postgresql_where=sa.text("acknowledged_at IS NULL"),
    )
    op.create_table(
        "pending_sign_in",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("next_step", sa.String(length=16), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("account_id", sa.String(length=32), nullable=False),
        sa.Column("security_version", sa.Integer(), nullable=False),
        sa.Column("amr", sa.String(length=64), nullable=False),
        sa.Column("next_path", sa.Text(), nullable=False),
        sa.Column("password_bucket", sa.Text(), nullable=False),
        sa.Column("after_waits", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("to_tell", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("user_agent", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("consumed_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_pending_sign_in_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pending_sign_in")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_pending_sign_in_token_hash")),
    )
    op.create_index(op.f("ix_pending_sign_in_account_id"), "pending_sign_in", ["account_id"])
    op.create_table(
        "recovery_code_set",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("account_id", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("session_id", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("saved_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_recovery_code_set_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery_code_set")),
        sa.UniqueConstraint("account_id", "state", name=op.f("uq_recovery_code_set_account_id_state")),
    )
    op.create_table(
        "reserved_address",
        sa.Column("email_key", sa.Text(), nullable=False),
        sa.Column("account_id", sa.String(length=32), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("email_confirmed_at", sa.BigInteger(), nullable=True),
        sa.Column("reserved_until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("email_key", name=op.f("pk_reserved_address")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_reserved_address_account_id")),
    )
    op.create_index(op.f("ix_reserved_address_account_id"), "reserved_address", ["account_id"])
    op.create_table(
        "session",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("previous_token_hash", sa.LargeBinary(length=32), nullable=True),
        sa.Column("account_id", sa.String(length=32), nullable=False),
        sa.Column("security_version", sa.Integer(), nullable=False),
        sa.Column("amr", sa.String(length=64), nullable=False),
        sa.Column("authenticated_at", sa.BigInteger(), nullable=False),
        sa.Column("proven_at", sa.BigInteger(), nullable=False),
        sa.Column("last_used_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("recovery_grant_until", sa.BigInteger(), nullable=False),
        sa.Column("shown_set_id", sa.String(length=32), nullable=True),
        sa.Column("codes_visible_until", sa.BigInteger(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("user_agent", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_session_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_session")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_session_token_hash")),
    )
    op.create_index(op.f("ix_session_account_id"), "session", ["account_id"])
    op.create_index(op.f("ix_session_previous_token_hash"), "session", ["previous_token_hash"])
    op.create_table(
        "recovery_code",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("set_id", sa.String(length=32), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("shown_copy", sa.LargeBinary(), nullable=True),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.Column("used_agent", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["set_id"], ["recovery_code_set.id"], name=op.f("fk_recovery_code_set_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery_code")),
        sa.UniqueConstraint("set_id", "digest", name=op.f("uq_recovery_code_set_id_digest")),
    )
    op.create_table(
        "totp_authenticator",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("account_id", sa.String(length=32), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("last_step", sa.BigInteger(), nullable=True),
        sa.Column("sighted_step", sa.BigInteger(), nullable=True),
        sa.Column("sighted_offset", sa.Integer(), nullable=True),
        sa.Column("sighted_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_totp_authenticator_account_id")),
        sa.ForeignKeyConstraint(["id"], ["authenticator.id"], name=op.f("fk_totp_authenticator_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_totp_authenticator")),
    )
    op.create_index(op.f("ix_totp_authenticator_account_id"), "totp_authenticator", ["account_id"])
    op.create_table(
        "totp_refused_step",
        sa.Column("authenticator_id", sa.String(length=32), nullable=False),
        sa.Column("step", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["authenticator_id"], ["totp_authenticator.id"], name=op.f("fk_totp_refused_step_authenticator_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("authenticator_id", "step", name=op.f("pk_totp_refused_step")),
    )
    op.create_table(
        "reset_request",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("account_id", sa.String(length=32), nullable=False),
        sa.Column("security_version", sa.Integer(), nullable=False),
        sa.Column("asked_by", sa.String(length=32), nullable=False),
        sa.Column("asker_version", sa.Integer(), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("counted_at", sa.BigInteger(), nullable=True),
        sa.Column("time_left", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_reset_request_account_id")),
        sa.ForeignKeyConstraint(["asked_by"], ["account.id"], name=op.f("fk_reset_request_asked_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reset_request")),
        sa.UniqueConstraint("account_id", name=op.f("uq_reset_request_account_id")),
    )
    op.create_index(op.f("ix_reset_request_asked_by"), "reset_request", ["asked_by"])
    op.execute("INSERT INTO installation (id) VALUES (1)")
    op.execute("INSERT INTO key_state (id, keys_in_use) VALUES (1, '[]')")
