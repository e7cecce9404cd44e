"""The tables of the kind, which a migration would make."""

from typing import Final

from sqlalchemy import BigInteger, Column, LargeBinary, MetaData, String, Table

METADATA: Final = MetaData()
AUTHENTICATOR_KEY: Final = Table(
    "challenge_authenticator",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("account_id", String(32), nullable=False),
    Column("key", LargeBinary),
    Column("counter", BigInteger, nullable=False),
)
CHALLENGE: Final = Table(
    "challenge",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("account_id", String(32), nullable=False),
    Column("expires_at", BigInteger, nullable=False),
)
