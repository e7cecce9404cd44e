"""Which broken places of a chain are named, and that one changed row is one place."""

from collections.abc import Callable, Sequence
from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xpressbot.identity.audit.rules.chain import GENESIS, chained_hash, details_hash, encode_details
from xpressbot.identity.audit.rules.event import EventKind, NewEvent
from xpressbot.identity.audit.rules.verification import MOST_TOLD, BrokenPlace, ChainCheck, Flaw, StoredEvent, StoredHead

Rows = list[StoredEvent]


def recorded(count: int, subject: str = "anna") -> Rows:
    """A chain as it is written."""
    rows: Rows = []
    previous = GENESIS
    for seq in range(1, count + 1):
        event = NewEvent(EventKind.SIGNED_IN, {"aal": seq}, "totp", subject, None)
        salt, details = bytes([seq]) * 16, encode_details(event.details)
        digest = details_hash(salt, details)
        previous = chained_hash(previous, event, subject=subject, seq=seq, at=seq, details_digest=digest)
        rows.append(StoredEvent(subject, seq, event.kind.value, "totp", subject, None, seq, details, salt, digest, previous))
    return rows


def checked(rows: Sequence[StoredEvent], head: StoredHead | None) -> ChainCheck:
    check = ChainCheck()
    for row in rows:
        check.add(row)
    check.finish(head)
    return check


def changed(seq: int, **values: object) -> Callable[[Rows], Rows]:
    return lambda rows: [replace(row, **values) if row.seq == seq else row for row in rows]


def without(*numbers: int) -> Callable[[Rows], Rows]:
    return lambda rows: [row for row in rows if row.seq not in numbers]


def exchanged(rows: Rows) -> Rows:
    second, fourth = rows[1], rows[3]
    return [rows[0], replace(fourth, seq=2), rows[2], replace(second, seq=4), *rows[4:]]


def inserted(rows: Rows) -> Rows:
    later = [replace(row, seq=int(str(row.seq)) + 1) for row in rows[2:]]
    return [*rows[:2], replace(rows[1], seq=3), *later]


WHAT_IS_NAMED: dict[str, tuple[Callable[[Rows], Rows], list[tuple[Flaw, int | None, int | None]]]] = {
    "nothing": (lambda rows: rows, []),
    "a field": (changed(3, at=9), [(Flaw.ALTERED, 3, 3)]),
    "a field of a type that is never stored": (changed(3, actor=b"anna"), [(Flaw.ALTERED, 3, 3)]),
    "a hash": (changed(3, hash=bytes(32)), [(Flaw.ALTERED, 3, 3)]),
    "the last hash": (changed(6, hash=bytes(32)), [(Flaw.ALTERED, 6, 6)]),
    "details": (changed(3, details="{}"), [(Flaw.DETAILS_ALTERED, 3, 3)]),
    "details that are no text": (changed(3, details=b"{}"), [(Flaw.DETAILS_ALTERED, 3, 3)]),
    "details without UTF-8": (changed(3, details='{"number":\udcff}'), [(Flaw.DETAILS_ALTERED, 3, 3)]),
    "a salt": (changed(3, salt=bytes(16)), [(Flaw.DETAILS_ALTERED, 3, 3)]),
    "a commitment": (changed(3, details_hash=bytes(32)), [(Flaw.DETAILS_ALTERED, 3, 3)]),
    "details taken out": (changed(3, details=None, salt=None), [(Flaw.DETAILS_GONE, 3, 3)]),
    "only the salt taken out": (changed(3, salt=None), [(Flaw.DETAILS_ALTERED, 3, 3)]),
    "removed": (without(3, 4), [(Flaw.MISSING, 3, 4)]),
    "the first removed": (without(1), [(Flaw.MISSING, 1, 1)]),
    "the last removed": (without(6), [(Flaw.MISSING, 6, 6)]),
    "exchanged": (exchanged, [(Flaw.ALTERED, 2, 2), (Flaw.ALTERED, 3, 3), (Flaw.ALTERED, 4, 4), (Flaw.ALTERED, 5, 5)]),
    "a number below one": (
        lambda rows: [replace(rows[0], seq=0), *rows],
        [(Flaw.NO_NUMBER_OF_A_CHAIN, 0, 0)],
    ),
    "a number that is none": (
        lambda rows: [*rows, replace(rows[0], seq="seven")],
        [(Flaw.NO_NUMBER_OF_A_CHAIN, None, None)],
    ),
    "two places": (lambda rows: changed(4, at=9)(without(2)(rows)), [(Flaw.MISSING, 2, 2), (Flaw.ALTERED, 4, 4)]),
}


@pytest.mark.parametrize("what", WHAT_IS_NAMED)
def test_a_changed_chain_is_named_with_its_place(what: str) -> None:
    """One change is one place where the rest of the chain can still be checked."""
    change, expected = WHAT_IS_NAMED[what]
    rows = recorded(6)
    check = checked(change(rows), StoredHead(6, rows[-1].hash))
    assert list(check.places) == [BrokenPlace(*place) for place in expected]
    assert check.count == len(expected)


def test_an_event_that_was_put_between_others_is_named() -> None:
    """It stands under a number that another had, and moves the others."""
    rows = recorded(6)
    check = checked(inserted(rows), StoredHead(6, rows[-1].hash))
    assert check.places[0] == BrokenPlace(Flaw.ALTERED, 3, 3)


def test_a_head_that_does_not_fit_is_named() -> None:
    """Another hash, a smaller number, one that is no number, or none at all."""
    rows = recorded(3)
    heads = {
        StoredHead(3, bytes(32)): BrokenPlace(Flaw.HEAD_ALTERED, 3, 3),
        StoredHead("3", rows[-1].hash): BrokenPlace(Flaw.HEAD_ALTERED, 3, 3),
        StoredHead(2, rows[1].hash): BrokenPlace(Flaw.AFTER_THE_END, 3, 3),
        None: BrokenPlace(Flaw.NO_HEAD, 3, 3),
    }
    for head, place in heads.items():
        assert list(checked(rows, head).places) == [place]


def test_a_chain_that_was_computed_anew_from_some_event_on_shows_in_its_head() -> None:
    """A forger who cannot write the head as well."""
    rows = recorded(3)
    fields = NewEvent(EventKind.SIGNED_OUT, {}, "totp", "anna", None)
    forged = replace(
        rows[2],
        kind=fields.kind.value,
        hash=chained_hash(rows[1].hash, fields, subject="anna", seq=3, at=3, details_digest=rows[2].details_hash),  # type: ignore[arg-type]
    )
    assert list(checked([*rows[:2], forged], StoredHead(3, rows[2].hash)).places) == [BrokenPlace(Flaw.HEAD_ALTERED, 3, 3)]


@given(st.integers(0, 5), st.sampled_from([field.name for field in fields(StoredEvent)]), st.data())
def test_no_byte_of_a_stored_event_can_be_changed_unnoticed(position: int, field: str, data: st.DataObject) -> None:
    """Any byte of any field, flipped in any way; the place is named."""
    rows = recorded(6)
    value = getattr(rows[position], field)
    stored = value.encode() if isinstance(value, str) else value
    if stored is None:
        flipped: object = data.draw(st.text(min_size=1, max_size=3))
    elif isinstance(stored, int):
        flipped = stored ^ (data.draw(st.integers(1, 255)) << 8 * data.draw(st.integers(0, 3)))
    else:
        at, mask = data.draw(st.integers(0, len(stored) - 1)), data.draw(st.integers(1, 255))
        changed_bytes = bytes([*stored[:at], stored[at] ^ mask, *stored[at + 1 :]])
        flipped = changed_bytes.decode(errors="surrogateescape") if isinstance(value, str) else changed_bytes
    head = StoredHead(6, rows[-1].hash)
    rows[position] = replace(rows[position], **{field: flipped})
    places = checked(sorted(rows, key=lambda row: int(str(row.seq))), head).places
    assert any(place.first is not None and place.last is not None and place.first <= position + 1 <= place.last for place in places)


def test_of_many_broken_places_the_first_are_told_and_all_are_counted() -> None:
    """A chain that is broken everywhere does not flood the report."""
    rows = [replace(row, at=99) for row in recorded(20)]
    check = checked(rows, StoredHead(20, rows[-1].hash))
    assert (len(check.places), check.count, check.places[0].first) == (MOST_TOLD, 20, 1)
