"""Whoever can use the time of a commit that waits for the disk is told before it (docs/adr/0021)."""

import pytest
from sqlalchemy import text

from tests.support.installation import Installation
from xpressbot.foundation.crypto.encryption import Encryption
from xpressbot.foundation.crypto.key_ring import new_key_ring
from xpressbot.identity.unit_of_work import UnitsOfWork

TERM = 1_000_000


@pytest.mark.parametrize(("how", "seen"), [({}, [0]), ({"durable": False}, [])])
def test_only_a_commit_that_waits_is_told_of(installation: Installation, how: dict[str, bool], seen: list[int]) -> None:
    """Before anybody else sees what it commits. A short one would be over before they had begun."""
    database, entropy, found = installation.services.database, installation.entropy, []
    ring = new_key_ring(bytes(32), bytes(32))

    def look() -> None:
        with database.read() as connection:
            found.append(connection.execute(text("SELECT count(*) FROM lease WHERE name = 'look'")).scalar_one())

    units = UnitsOfWork(database, Encryption(ring, entropy, lambda: ring), entropy, before_disk=look)
    with units.write(**how):
        pass
    assert found == []
    with units.write(**how) as uow:
        assert uow.leases.take("look", "somebody", 0, TERM)
        uow.commit()
    assert found == seen
