"""The tables of the team."""

from typing import Final

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, String, Table, Text

from xpressbot.foundation.database.engine import METADATA

_ID = String(32)

INVITATION: Final = Table(
    "invitation",
    METADATA,
    Column("id", _ID, primary_key=True),
    Column("email", Text, nullable=False),
    # One is open for an address: inviting it again replaces the one before.
    Column("email_key", Text, nullable=False, unique=True),
    Column("role", String(16), nullable=False),
    # None where the operator invites.
    Column("invited_by", _ID),
    # The inviter's version, on which alone the invitation stands; None where the operator invites.
    Column("inviter_version", Integer),
    Column("invited_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
)

RESET_REQUEST: Final = Table(
    "reset_request",
    METADATA,
    Column("id", _ID, primary_key=True),
    # Whose 2FA is to be reset. One request waits for a member.
    Column("account_id", _ID, ForeignKey("account.id"), nullable=False, unique=True),
    # The member's version on which alone it may be carried out.
    Column("security_version", Integer, nullable=False),
    Column("asked_by", _ID, ForeignKey("account.id"), nullable=False),
    # The version of the one who asks, at that moment.
    Column("asker_version", Integer, nullable=False),
    Column("asked_at", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
    # Until when the member's time was counted: at first, when the mail server took the mail that tells them.
    Column("counted_at", BigInteger),
    # What is left of that time, in microseconds.
    Column("time_left", BigInteger, nullable=False),
    Index(None, "asked_by"),
)
