"""What the service has noticed about its surroundings, for the operator: one row a kind, the newest sighting of it."""

from typing import Final

from sqlalchemy import BigInteger, Column, String, Table, Text

from xpressbot.foundation.database.engine import METADATA

OBSERVATION: Final = Table(
    "observation",
    METADATA,
    Column("kind", String(32), primary_key=True),
    Column("detail", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
)
