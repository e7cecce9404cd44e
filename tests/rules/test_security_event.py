"""The hash chain of security events."""

import hashlib
import json
from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xpressbot.identity.audit.rules.chain import GENESIS, chained_hash, details_hash, encode_details
from xpressbot.identity.audit.rules.event import DetailValue, EventKind, NewEvent


@dataclass(frozen=True)
class Row:
    """A recorded event as a database keeps it."""

    subject: str
    seq: int
    kind: EventKind
    at: int
    salt: bytes | None
    details: str | None
    details_digest: bytes
    hash: bytes = b""
    factor: str | None = "totp"
    actor: str | None = "account"
    target: str | None = None


def chain(*details: dict[str, str | int | bool | None]) -> list[Row]:
    rows, previous = [], GENESIS
    for seq, detail in enumerate(details, start=1):
        salt, encoded = bytes([seq]) * 16, encode_details(detail)
        row = Row("account", seq, list(EventKind)[seq], 1000 * seq, salt, encoded, details_hash(salt, encoded))
        previous = hash_of(row, previous)
        rows.append(replace(row, hash=previous))
    return rows


def hash_of(row: Row, previous: bytes) -> bytes:
    event = NewEvent(row.kind, {}, factor=row.factor, actor=row.actor, target=row.target)
    return chained_hash(previous, event, subject=row.subject, seq=row.seq, at=row.at, details_digest=row.details_digest)


def is_intact(rows: list[Row]) -> bool:
    previous = GENESIS
    for number, row in enumerate(rows, start=1):
        details_fit = row.details is None or (row.salt is not None and details_hash(row.salt, row.details) == row.details_digest)
        if row.seq != number or hash_of(row, previous) != row.hash or not details_fit:
            return False
        previous = row.hash
    return True


ROWS = chain({"address": "192.0.2.7"}, {"session": "s", "aal": 2}, {}, {"reason": None, "alarm": True})


def test_an_untouched_chain_is_intact() -> None:
    """What was recorded verifies from the genesis on."""
    assert is_intact(ROWS)
    assert bytes(32) == GENESIS


@pytest.mark.parametrize("position", range(len(ROWS)))
@pytest.mark.parametrize(
    "altered",
    [
        {"subject": "another"},
        {"factor": None},
        {"actor": "another"},
        {"target": "another"},
        {"seq": 9},
        {"kind": EventKind.NOTICES_SEEN},
        {"at": 1},
        {"details": '{"address":"198.51.100.1"}'},
        {"salt": bytes(16)},
        {"details_digest": bytes(32)},
        {"hash": bytes(32)},
    ],
)
def test_changing_anything_that_was_recorded_breaks_the_chain(position: int, altered: dict[str, Any]) -> None:
    """Each closed field, the details, their salt and every hash are covered."""
    rows = list(ROWS)
    rows[position] = replace(rows[position], **altered)
    assert not is_intact(rows)


@pytest.mark.parametrize("position", range(len(ROWS)))
@pytest.mark.parametrize(
    "altered", [{"subject": "another"}, {"actor": None}, {"kind": EventKind.NOTICES_SEEN}, {"at": 1}, {"details_digest": bytes(32)}]
)
def test_a_forger_must_rewrite_everything_that_follows(position: int, altered: dict[str, Any]) -> None:
    """Recomputing the hash of an altered event shows in the next one, or in the head that was noted elsewhere."""
    rows = list(ROWS)
    forged = replace(rows[position], **altered, details=None)
    previous = rows[position - 1].hash if position else GENESIS
    rows[position] = replace(forged, hash=hash_of(forged, previous))
    assert rows[position].hash != ROWS[position].hash
    assert position == len(rows) - 1 or not is_intact(rows)


def test_order_and_completeness_are_covered() -> None:
    """Exchanging, repeating or taking out events breaks the chain."""
    first, second, third, fourth = ROWS
    assert not is_intact([second, first, third, fourth])
    assert not is_intact([first, third, fourth])
    assert not is_intact([second, third, fourth])
    assert not is_intact([first, second, second, third, fourth])
    exchanged = [first, replace(third, seq=2), replace(second, seq=3), fourth]
    assert not is_intact(exchanged)


def test_details_can_be_erased_without_breaking_the_chain() -> None:
    """Without details and salt the closed fields still verify."""
    assert is_intact([replace(row, details=None, salt=None) for row in ROWS])


def test_a_commitment_tells_nothing_without_its_salt() -> None:
    """The same details under two salts look unrelated, so that no reader can try out what an erased event said."""
    encoded = encode_details({"address": "192.0.2.7"})
    assert details_hash(b"a" * 16, encoded) != details_hash(b"b" * 16, encoded)
    assert details_hash(b"a" * 16, encoded) != hashlib.sha256(encoded.encode()).digest()


@given(st.dictionaries(st.text(), st.none() | st.booleans() | st.integers() | st.text()))
def test_details_have_one_spelling(details: dict[str, str | int | bool | None]) -> None:
    """The order they were given in makes no difference; they come back as they were, in one line of ASCII."""
    encoded = encode_details(details)
    assert encoded == encode_details(dict(reversed(list(details.items()))))
    assert details == json.loads(encoded)
    assert encoded.isascii()
    assert "\n" not in encoded


def test_kinds_have_distinct_lasting_names() -> None:
    """Each kind has a name that fits its column and stands for it for ever."""
    names = [kind.value for kind in EventKind]
    assert len(names) == len(set(names))
    assert all(len(name) <= 64 and name.isascii() and "." in name for name in names)


def test_a_person_is_told_of_changes_to_their_protection() -> None:
    """Enabling, moving, disabling, replacing and revealing codes, recovery and guessing are notices; daily life is none."""
    notable = {kind for kind in EventKind if kind.notice}
    assert {EventKind.TWO_FACTOR_ENABLED, EventKind.AUTHENTICATOR_MOVED, EventKind.TWO_FACTOR_DISABLED} <= notable
    assert {EventKind.BACKUPS_REPLACED, EventKind.BACKUPS_REVEALED, EventKind.SIGNED_IN_WITH_BACKUP} <= notable
    assert {EventKind.PASSWORD_GUESSING, EventKind.SECOND_FACTOR_REFUSED, EventKind.SECOND_FACTOR_SUSPENDED} <= notable
    assert not {EventKind.SIGNED_IN, EventKind.SIGNED_OUT, EventKind.NOTICES_SEEN, EventKind.IDENTITY_CONFIRMED} & notable


def test_what_can_be_repeated_with_no_more_than_a_password_is_told_as_one() -> None:
    """Who knows a password cannot bury a notice under others of their making."""
    by_password = {EventKind.SECOND_FACTOR_REFUSED, EventKind.SECOND_FACTOR_SUSPENDED, EventKind.STOPPED_AT_SECOND_FACTOR}
    by_password |= {
        EventKind.REQUIRED_ENROLMENT_AWAITED,
        EventKind.ENROLMENT_AWAITED,
        EventKind.PASSWORD_GUESSING,
        EventKind.SESSION_ENDED_BY_FAILURES,
    }
    by_password |= {EventKind.SIGNED_IN_AFTER_WAITS, EventKind.SIGNED_IN_IN_NEW_BROWSER, EventKind.ACCOUNT_EXPORTED}
    by_password |= {EventKind.SESSION_ENDED_ELSEWHERE, EventKind.OTHER_SESSIONS_ENDED}
    assert by_password == {kind for kind in EventKind if kind.notice and kind.notice.is_merged}


def test_an_event_has_only_the_details_that_its_kind_declares() -> None:
    """Address and browser are open to every kind; what another kind declares is not."""
    details: dict[str, DetailValue] = {"address": "192.0.2.7", "user_agent": "Firefox", "sessions_ended": 1}
    assert NewEvent(EventKind.PASSWORD_RESET, details).details == details
    with pytest.raises(ValueError, match=r"password\.reset declares no detail amr, session"):
        NewEvent(EventKind.PASSWORD_RESET, details | {"session": "1", "amr": "pwd"})
