"""A sealed secret and the row it lies in."""

from dataclasses import dataclass, field
from enum import StrEnum


class BoxTable(StrEnum):
    """The tables that hold secrets."""

    AUTHENTICATOR = "authenticator"
    RECOVERY_CODE = "recovery_code"


@dataclass(frozen=True, slots=True)
class StoredBox:
    """The row is bound into the box: table, account and row are what opens it again."""

    table: BoxTable
    account_id: str
    row_id: str
    box: bytes = field(repr=False)
