"""The tables of identity. Times are microseconds since 1970 UTC; tokens and codes appear as digests only."""

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
)

from xpressbot.foundation.database.engine import METADATA

_ID = String(32)


def _account() -> Column[str]:
    return Column("account_id", _ID, ForeignKey("account.id"), nullable=False)


MUST_ENROL: Final = text("must_enrol")
"""Written as the partial index has it: no engine takes one for a parameter."""
_IS_UNCONFIRMED: Final = text("email_confirmed_at IS NULL AND email_key IS NOT NULL")

ACCOUNT: Final = Table(
    "account",
    METADATA,
    Column("id", _ID, primary_key=True),
    Column("email", Text, nullable=False),
    # None once the account is closed: the address may then have another one.
    Column("email_key", Text, unique=True),
    Column("name", Text, nullable=False),
    Column("status", String(16), nullable=False),
    Column("security_version", Integer, nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("must_enrol", Boolean, nullable=False, server_default=false()),
    Column("password_status", String(16), nullable=False, server_default=text("'in_use'")),
    Column("language", String(35)),
    # Of mails, where none is chosen.
    Column("mail_language", String(35)),
    # When a mailed token last proved that its person gets the mail of this address; none where none has.
    Column("email_confirmed_at", BigInteger),
    Column("role", String(16), nullable=False),
    # Since when it has been this one, and who gave it: an account, or nobody where the operator did.
    Column("role_since", BigInteger, nullable=False),
    Column("role_given_by", _ID),
    Column("invited_by", _ID),
    # Since when an authenticator has been in force; none while 2FA is off. It is written where authenticators change.
    Column("protected_since", BigInteger),
    Column("last_signed_in_at", BigInteger),
    Column("exempt_until", BigInteger),
    Column("exempt_reason", Text),
    # The request to reset 2FA that waits for this account. Whatever makes it void empties this.
    Column("reset_request_id", _ID),
    # The name as the roster's filter compares it: without capitals and the like.
    Column("name_key", Text, nullable=False, server_default=text("''")),
    # Until when the dashboard does not remind its person of 2FA.
    Column("reminder_put_off_until", BigInteger),
    # The roster, by address.
    Index(None, "role", "status"),
    Index("ix_account_must_enrol", "id", sqlite_where=MUST_ENROL, postgresql_where=MUST_ENROL),
    Index("ix_account_unconfirmed", "id", sqlite_where=_IS_UNCONFIRMED, postgresql_where=_IS_UNCONFIRMED),
)

RESERVED_ADDRESS: Final = Table(
    "reserved_address",
    METADATA,
    # The address that an account had before its last change. Until then nobody else may have it, and it may be brought back.
    Column("email_key", Text, primary_key=True),
    _account(),
    Column("email", Text, nullable=False),
    Column("email_confirmed_at", BigInteger),
    Column("reserved_until", BigInteger, nullable=False),
    Index(None, "account_id"),
)

INSTALLATION: Final = Table(
    "installation",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),
    # The first account. It is never emptied, or the welcome link would make another owner.
    Column("claimed_by", _ID, ForeignKey("account.id")),
    Column("two_factor_policy", String(16), nullable=False, server_default=text("'optional'")),
    Column("two_factor_required_from", BigInteger),
    # When an owner put away the list of first steps.
    Column("first_steps_hidden_at", BigInteger),
    CheckConstraint("id = 1", name="one_row"),
)

LINK: Final = Table(
    "link",
    METADATA,
    Column("token_hash", LargeBinary(32), primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("consumed_at", BigInteger),
    Column("account_id", _ID, ForeignKey("account.id")),
    Column("email", Text),
    Column("email_key", Text),
    # Of a link that gives power: the version of the account on which alone it works.
    Column("security_version", Integer),
    # The row of another table that it belongs to.
    Column("about", _ID),
    # Whether its token was mailed to its address and shown to nobody.
    Column("mailed", Boolean, nullable=False, server_default=false()),
    Index(None, "account_id"),
    Index(None, "email_key"),
    Index(None, "about"),
)

SESSION: Final = Table(
    "session",
    METADATA,
    Column("id", _ID, primary_key=True),
    Column("token_hash", LargeBinary(32), nullable=False, unique=True),
    Column("previous_token_hash", LargeBinary(32)),
    _account(),
    Column("security_version", Integer, nullable=False),
    Column("amr", String(64), nullable=False),
    Column("authenticated_at", BigInteger, nullable=False),
    Column("proven_at", BigInteger, nullable=False),
    Column("last_used_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("recovery_grant_until", BigInteger, nullable=False),
    Column("shown_set_id", _ID),
    Column("codes_visible_until", BigInteger, nullable=False),
    Column("address", Text, nullable=False),
    Column("user_agent", Text, nullable=False),
    Index(None, "account_id"),
    Index(None, "previous_token_hash"),
)

PENDING_SIGN_IN: Final = Table(
    "pending_sign_in",
    METADATA,
    Column("id", _ID, primary_key=True),
    Column("next_step", String(16), nullable=False),
    Column("token_hash", LargeBinary(32), nullable=False, unique=True),
    _account(),
    Column("security_version", Integer, nullable=False),
    Column("amr", String(64), nullable=False),
    Column("next_path", Text, nullable=False),
    Column("password_bucket", Text, nullable=False),
    Column("after_waits", Boolean, nullable=False, server_default=false()),
    Column("to_tell", Boolean, nullable=False, server_default=false()),
    Column("address", Text),
    Column("user_agent", Text),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("consumed_at", BigInteger),
    Index(None, "account_id"),
)

KNOWN_BROWSER: Final = Table(
    "known_browser",
    METADATA,
    Column("id", _ID, primary_key=True),
    Column("token_hash", LargeBinary(32), nullable=False),
    Column("previous_token_hash", LargeBinary(32)),
    _account(),
    Column("last_sign_in_at", BigInteger, nullable=False),
    UniqueConstraint("token_hash", "account_id"),
    Index(None, "previous_token_hash"),
    Index(None, "account_id", "last_sign_in_at"),
)

AUTHENTICATOR: Final = Table(
    "authenticator",
    METADATA,
    Column("id", _ID, primary_key=True),
    _account(),
    Column("kind", String(32), nullable=False),
    Column("name", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    # While it is pending: in which session or sign-in, on which version of the account, and what its confirmation will do.
    Column("begun_in", _ID),
    Column("security_version", Integer, nullable=False),
    Column("plan", String(16), nullable=False),
    Column("replaces", _ID),
    Column("renews_backups", Boolean, nullable=False),
    Column("expires_at", BigInteger),
    Column("confirmed_at", BigInteger),
    Column("last_used_at", BigInteger),
    Index(None, "account_id", "state"),
    Index(
        "uq_authenticator_enrolment",
        "begun_in",
        unique=True,
        sqlite_where=text("state = 'pending'"),
        postgresql_where=text("state = 'pending'"),
    ),
)

TOTP_AUTHENTICATOR: Final = Table(
    "totp_authenticator",
    METADATA,
    Column("id", _ID, ForeignKey("authenticator.id", ondelete="CASCADE"), primary_key=True),
    _account(),
    # Revoking removes the row, and the secret with it.
    Column("secret", LargeBinary, nullable=False),
    Column("last_step", BigInteger),
    Column("sighted_step", BigInteger),
    Column("sighted_offset", Integer),
    Column("sighted_at", BigInteger),
    Index(None, "account_id"),
)

REFUSED_STEP: Final = Table(
    "totp_refused_step",
    METADATA,
    Column("authenticator_id", _ID, ForeignKey("totp_authenticator.id", ondelete="CASCADE"), primary_key=True),
    Column("step", BigInteger, primary_key=True),
)

RECOVERY_CODE_SET: Final = Table(
    "recovery_code_set",
    METADATA,
    Column("id", _ID, primary_key=True),
    _account(),
    Column("state", String(16), nullable=False),
    Column("session_id", _ID, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("saved_at", BigInteger),
    UniqueConstraint("account_id", "state"),
)

RECOVERY_CODE: Final = Table(
    "recovery_code",
    METADATA,
    Column("id", _ID, primary_key=True),
    Column("set_id", _ID, ForeignKey("recovery_code_set.id", ondelete="CASCADE"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("digest", LargeBinary(32), nullable=False),
    Column("shown_copy", LargeBinary),
    Column("used_at", BigInteger),
    Column("used_agent", Text),
    UniqueConstraint("set_id", "digest"),
)

THROTTLE_BUCKET: Final = Table(
    "throttle_bucket",
    METADATA,
    Column("key", Text, primary_key=True),
    Column("tries", Integer, nullable=False),
    Column("next_allowed_at", BigInteger, nullable=False),
    Column("window_began_at", BigInteger, nullable=False),
    Column("charged_at", BigInteger, nullable=False),
    Column("charged_before", BigInteger),
    Column("delayed_since", BigInteger),
    Column("reported_tries", Integer, nullable=False),
    Column("carried_delays", Integer, nullable=False, server_default=text("0")),
    # No foreign key: its check would lock the account, and tell by its time which address has one.
    Column("account_id", _ID),
)

CHAIN_HEAD: Final = Table(
    "chain_head",
    METADATA,
    Column("subject", _ID, primary_key=True),
    Column("seq", Integer, nullable=False),
    Column("hash", LargeBinary(32), nullable=False),
)

SECURITY_EVENT: Final = Table(
    "security_event",
    METADATA,
    # An account's id, or the name of another chain. No foreign key: the record outlives what it tells of.
    Column("subject", _ID, primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("kind", String(64), nullable=False),
    Column("factor", String(32)),
    Column("actor", _ID),
    Column("target", _ID),
    Column("at", BigInteger, nullable=False),
    Column("details", Text),
    Column("salt", LargeBinary(16)),
    Column("details_hash", LargeBinary(32), nullable=False),
    Column("hash", LargeBinary(32), nullable=False),
)

NOTICE: Final = Table(
    "notice",
    METADATA,
    Column("account_id", _ID, ForeignKey("account.id"), primary_key=True),
    Column("first_seq", Integer, primary_key=True),
    Column("last_seq", Integer, nullable=False),
    Column("kind", String(64), nullable=False),
    Column("count", Integer, nullable=False),
    Column("several_places", Boolean, nullable=False),
    # No foreign key: the session ends, and what it did is still told.
    Column("session_id", _ID),
    Column("acknowledged_at", BigInteger),
    Column("mailed_at", BigInteger),
    Index(
        "ix_notice_open",
        "account_id",
        "last_seq",
        sqlite_where=text("acknowledged_at IS NULL"),
        postgresql_where=text("acknowledged_at IS NULL"),
    ),
)
