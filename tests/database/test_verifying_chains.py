"""`xpressbot audit verify` on real rows: flipping any byte, deleting any event, exchanging any two is named."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import combinations
from typing import Any

import pytest
from sqlalchemy import LargeBinary, cast, delete, insert, literal, select, update
from sqlalchemy import Text as SqlText

from tests.support.installation import Installation
from tests.support.people import protected, signed_in
from xpressbot.foundation.database.read_only import open_as_snapshot
from xpressbot.foundation.database.transaction import ReadTransactions, Transactions
from xpressbot.foundation.entropy import SystemEntropy
from xpressbot.identity.audit import verify_store
from xpressbot.identity.audit.append import append_event
from xpressbot.identity.audit.rules.event import EventKind, NewEvent
from xpressbot.identity.audit.rules.verification import BrokenPlace, Flaw
from xpressbot.identity.audit.verify import CheckedChain, check_chains
from xpressbot.identity.tables import ACCOUNT, CHAIN_HEAD, SECURITY_EVENT

TABLE = SECURITY_EVENT.c
Row = dict[str, Any]


@pytest.fixture
def chains(installation: Installation) -> Installation:
    """Anna has enabled 2FA, and Berta has signed in: a chain of four events, and one of two."""
    protected(installation.services)
    signed_in(installation.services, "berta@example.com")
    return installation


def checked(installation: Installation) -> Sequence[CheckedChain]:
    database = open_as_snapshot(installation.services.settings.url)
    try:
        return list(check_chains(ReadTransactions(database)))
    finally:
        database.dispose()


def broken(installation: Installation) -> dict[object, Sequence[BrokenPlace]]:
    return {chain.subject: chain.places for chain in checked(installation) if chain.count}


def is_named(found: dict[object, Sequence[BrokenPlace]], subject: str, seq: int) -> bool:
    places = found.get(subject, ())
    return any(place.first is not None and place.last is not None and place.first <= seq <= place.last for place in places)


def stored(installation: Installation) -> list[Row]:
    with installation.services.database.read() as connection:
        return [dict(row) for row in connection.execute(select(SECURITY_EVENT).order_by(TABLE.subject, TABLE.seq)).mappings()]


def run(installation: Installation, *statements: Any) -> None:
    with installation.services.database.write() as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()


def at(row: Row) -> Any:
    return (TABLE.subject == row["subject"]) & (TABLE.seq == row["seq"])


@contextmanager
def meanwhile(installation: Installation, rows: list[Row], *statements: Any) -> Iterator[dict[object, Sequence[BrokenPlace]]]:
    """What is named after these statements; then the rows are as they were."""
    run(installation, *statements)
    yield broken(installation)
    run(installation, delete(SECURITY_EVENT), insert(SECURITY_EVENT).values(rows))


def flipped(installation: Installation, value: Any, position: int) -> Any:
    """A value with one byte changed, as a statement takes it; SQLite is given text that is no UTF-8, which PostgreSQL refuses."""
    if value is None:
        return "x"
    if isinstance(value, int):
        return value ^ (64, 1 << 20, 1 << 29)[position]
    content = bytearray(value.encode() if isinstance(value, str) else value)
    is_sqlite = installation.services.database.engine.dialect.name == "sqlite"
    content[(0, len(content) // 2, len(content) - 1)[position]] ^= 0x80 if is_sqlite else 1
    if isinstance(value, bytes):
        return bytes(content)
    return cast(literal(bytes(content), LargeBinary), SqlText) if is_sqlite else content.decode()


def test_flipping_a_byte_of_any_field_of_any_event_is_named(chains: Installation) -> None:
    """With the account and the number; a changed key moves the event away, which leaves a gap."""
    assert not broken(chains)
    rows = stored(chains)
    assert len(rows) == 8  # six of the two accounts, two of the team
    for number, row in enumerate(rows):
        for name, value in row.items():
            with meanwhile(
                chains, rows, update(SECURITY_EVENT).where(at(row)).values({name: flipped(chains, value, (number + len(name)) % 3)})
            ) as found:
                assert is_named(found, row["subject"], row["seq"]), (row, name)
    assert not broken(chains)


def test_deleting_any_event_is_named(chains: Installation) -> None:
    """Also the last one, which the head still names."""
    rows = stored(chains)
    for row in rows:
        with meanwhile(chains, rows, delete(SECURITY_EVENT).where(at(row))) as found:
            assert list(found.pop(row["subject"])) == [BrokenPlace(Flaw.MISSING, row["seq"], row["seq"])]
            assert not found


def test_exchanging_any_two_events_is_named(chains: Installation) -> None:
    """Within a chain and between two, at both places."""
    rows = stored(chains)
    for one, other in combinations(rows, 2):
        keys = [{name: row[name] for name in ("subject", "seq")} for row in (one, other)]
        swapped = [one | keys[1], other | keys[0]]
        statements = (delete(SECURITY_EVENT).where(at(one) | at(other)), insert(SECURITY_EVENT).values(swapped))
        with meanwhile(chains, rows, *statements) as found:
            assert all(is_named(found, **key) for key in keys), keys


@pytest.mark.parametrize(
    ("change", "flaw"),
    [
        (lambda berta: update(CHAIN_HEAD).where(CHAIN_HEAD.c.subject == berta).values(hash=bytes(32)), Flaw.HEAD_ALTERED),
        (lambda berta: update(CHAIN_HEAD).where(CHAIN_HEAD.c.subject == berta).values(seq=1), Flaw.AFTER_THE_END),
        (lambda berta: delete(CHAIN_HEAD).where(CHAIN_HEAD.c.subject == berta), Flaw.NO_HEAD),
        (lambda berta: delete(SECURITY_EVENT).where(TABLE.subject == berta), Flaw.NO_EVENTS),
        (
            lambda berta: update(SECURITY_EVENT).where(TABLE.subject == berta, TABLE.seq == 1).values(details=None, salt=None),
            Flaw.DETAILS_GONE,
        ),
    ],
    ids=["hash of a head", "head set back", "no head", "no events", "details taken out"],
)
def test_what_does_not_fit_its_head_is_named(chains: Installation, change: Callable[[str], Any], flaw: Flaw) -> None:
    """With the address of the account, and no other account."""
    with chains.services.database.read() as connection:
        berta = connection.execute(select(ACCOUNT.c.id).where(ACCOUNT.c.email == "berta@example.com")).scalar_one()
    run(chains, change(berta))
    (found,) = [chain for chain in checked(chains) if chain.count]
    assert (found.email, [place.flaw for place in found.places]) == ("berta@example.com", [flaw])


def test_an_account_without_head_and_events_is_named(chains: Installation) -> None:
    """The whole chain was removed, and the account is still there."""
    anna = stored(chains)[0]["subject"]
    run(chains, delete(SECURITY_EVENT).where(TABLE.subject == anna), delete(CHAIN_HEAD).where(CHAIN_HEAD.c.subject == anna))
    assert broken(chains) == {anna: (BrokenPlace(Flaw.NO_EVENTS, None, None),)}


def test_a_value_of_a_type_that_its_column_does_not_hold_is_named(chains: Installation) -> None:
    """SQLite stores whatever it is given; the check of the other chains goes on."""
    if chains.services.database.engine.dialect.name != "sqlite":
        return
    rows = stored(chains)
    for name in ("kind", "details", "salt", "hash", "at"):
        wrong = cast(literal("7.5x"), SqlText) if name in {"salt", "hash", "at"} else cast(literal(b"x"), LargeBinary)
        with meanwhile(chains, rows, update(SECURITY_EVENT).where(at(rows[1])).values({name: wrong})) as found:
            assert is_named(found, rows[1]["subject"], 2), name
            assert len(found) == 1


def test_rows_are_read_in_batches(chains: Installation) -> None:
    """A chain of any length takes no more memory than a batch of it."""
    account_id, count = stored(chains)[0]["subject"], 2 * verify_store.BATCH + 1
    with Transactions(chains.services.database).writing() as tx:
        for number in range(count):
            append_event(tx, SystemEntropy(), account_id, NewEvent(EventKind.SIGNED_IN, {"aal": number}), number)
        tx.commit()
    database = open_as_snapshot(chains.services.settings.url)
    with ReadTransactions(database).reading() as tx:
        batches = [len(batch) for batch in verify_store.events_with_heads(tx)]
    database.dispose()
    assert batches == [verify_store.BATCH, verify_store.BATCH, 9]
    assert not broken(chains)


def test_a_chain_that_grows_meanwhile_is_whole(chains: Installation) -> None:
    """What is recorded while a check runs is not half of it: each event stands beside the head that it had then."""
    anna = stored(chains)[0]["subject"]
    database = open_as_snapshot(chains.services.settings.url)
    chains_seen = []
    for chain in check_chains(ReadTransactions(database)):
        chains_seen.append(chain)
        with Transactions(chains.services.database).writing() as tx:
            for account_id in {row["subject"] for row in stored(chains)} | {anna}:
                append_event(tx, SystemEntropy(), account_id, NewEvent(EventKind.SIGNED_OUT, {}), 1)
            tx.commit()
    database.dispose()
    assert [chain.count for chain in chains_seen] == [0, 0, 0]
