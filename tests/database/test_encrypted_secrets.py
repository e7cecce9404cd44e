"""Encrypted secrets: fresh nonces, bound to purpose and row, decrypted by the ring that encrypted them and by no other."""

import pytest

from tests.support.installation import Installation
from tests.support.people import pending, protected, prove
from xpressbot.foundation.crypto.encryption import DecryptionError, Encryption, KeyedDigests
from xpressbot.foundation.crypto.key_ring import KeyRing, new_key_ring, with_key
from xpressbot.foundation.entropy import SystemEntropy
from xpressbot.identity.factors.totp.kind import TotpCode

RING = new_key_ring(b"k" * 32, b"l" * 32)
BOXES = Encryption(RING, SystemEntropy(), lambda: RING)
NONCE = slice(9, 21)


def boxes_of(ring: KeyRing) -> Encryption:
    return Encryption(ring, SystemEntropy(), lambda: ring)


def test_a_key_that_came_later_is_read_from_the_ring_once_more() -> None:
    """A process that began with the old ring decrypts what a newer key has encrypted, when its ring has got that key by then."""
    newer = with_key(RING, b"n" * 32)
    box = boxes_of(newer).encrypt(newer.newest_id, "totp secret", "a:1", b"seed")
    assert Encryption(RING, SystemEntropy(), lambda: newer).decrypt("totp secret", "a:1", box) == b"seed"
    with pytest.raises(DecryptionError):
        BOXES.decrypt("totp secret", "a:1", box)


def test_a_ring_that_lacks_what_is_asked_for_does_not_take_the_place_of_the_one_in_use() -> None:
    """A process goes on with what it has while the file is not what it should be."""
    other = new_key_ring(bytes([7]) * 32, bytes([8]) * 32)
    both = with_key(RING, bytes([9]) * 32)
    files = [other, both]
    boxes = Encryption(RING, SystemEntropy(), lambda: files.pop(0))
    box = BOXES.encrypt(RING.active_id, "totp secret", "a:1", b"seed")
    assert boxes.has_keys(RING.keys)
    assert not boxes.has_keys(both.keys)
    assert boxes.decrypt("totp secret", "a:1", box) == b"seed"
    assert files == [both], "the file was not needed for what it had"
    assert boxes.has_keys(both.keys)
    assert files == []


def test_a_hundred_thousand_boxes_have_a_hundred_thousand_nonces() -> None:
    """No nonce comes twice under one key (ASVS 11.3.4)."""
    nonces = {BOXES.encrypt(RING.active_id, "totp secret", "row", b"")[NONCE] for _box in range(100_000)}
    assert len(nonces) == 100_000


def test_a_box_opens_where_it_was_encrypted() -> None:
    """And gives back every byte."""
    secret = bytes(range(256))
    assert (
        BOXES.decrypt("totp secret", "authenticator:a:1", BOXES.encrypt(RING.active_id, "totp secret", "authenticator:a:1", secret))
        == secret
    )


@pytest.mark.parametrize(("purpose", "row"), [("recovery code", "a:1"), ("totp secret", "a:2"), ("totp secret", "a:1 "), ("", "a:1")])
def test_a_box_opens_for_no_other_purpose_and_no_other_row(purpose: str, row: str) -> None:
    """Purposes have keys of their own, and the row is bound to the box."""
    box = BOXES.encrypt(RING.active_id, "totp secret", "a:1", b"seed")
    with pytest.raises(DecryptionError):
        BOXES.decrypt(purpose, row, box)


def test_a_box_with_any_bit_turned_or_byte_cut_does_not_open() -> None:
    """Version, key id, nonce, ciphertext and tag are all guarded."""
    box = BOXES.encrypt(RING.active_id, "totp secret", "a:1", b"seed")
    altered = [bytes([*box[:place], box[place] ^ 1, *box[place + 1 :]]) for place in range(len(box))]
    for wrong in [*altered, *(box[:length] for length in range(len(box))), box + b"\0", b""]:
        with pytest.raises(DecryptionError):
            BOXES.decrypt("totp secret", "a:1", wrong)


def test_a_box_of_a_key_that_the_ring_lacks_says_so() -> None:
    """A foreign ring opens nothing."""
    box = BOXES.encrypt(RING.active_id, "totp secret", "a:1", b"seed")
    foreign = boxes_of(new_key_ring(b"x" * 32, b"l" * 32))
    with pytest.raises(DecryptionError, match=f"lacks the key {RING.active_id}"):
        foreign.decrypt("totp secret", "a:1", box)


def test_a_box_of_an_older_key_still_opens() -> None:
    """Every key in the ring decrypts; only the active one encrypts."""
    box = BOXES.encrypt(RING.active_id, "totp secret", "a:1", b"seed")
    newer = new_key_ring(b"n" * 32, b"l" * 32)
    both = KeyRing(newer.active_id, newer.keys | RING.keys, RING.lookup_key)
    assert boxes_of(both).decrypt("totp secret", "a:1", box) == b"seed"


def test_digests_are_apart_by_purpose_and_by_ring() -> None:
    """The same data for two purposes, or under two lookup keys, has nothing in common."""
    other = KeyedDigests(new_key_ring(b"k" * 32, b"m" * 32))
    digests = {
        KeyedDigests(RING).digest("recovery code", b"x"),
        KeyedDigests(RING).digest("throttled email", b"x"),
        other.digest("recovery code", b"x"),
    }
    assert len(digests) == 3
    assert KeyedDigests(RING).digest("recovery code", b"x") in digests


def test_a_seed_copied_to_another_account_opens_nothing(installation: Installation) -> None:
    """An attacker who can write to the database cannot put their own seed under another account: the sign-in fails closed."""
    anna = protected(installation.services)
    mallory = protected(installation.services, "mallory@example.com")
    with installation.services.database.write() as connection:
        box = connection.exec_driver_sql(f"SELECT secret FROM totp_authenticator WHERE account_id = '{mallory.account.id}'").scalar_one()
        placeholder = "?" if connection.dialect.name == "sqlite" else "%s"
        connection.exec_driver_sql(f"UPDATE totp_authenticator SET secret = {placeholder} WHERE account_id = '{anna.account.id}'", (box,))
        connection.commit()
    token = pending(installation.services)

    with pytest.raises(DecryptionError):
        prove(installation.services.identity, token, TotpCode(mallory.phone.code()), anna.caller.client)

    with installation.services.database.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM session").scalar_one() == 2
        tries = connection.exec_driver_sql(f"SELECT tries FROM throttle_bucket WHERE key = 'totp:{anna.account.id}'").scalar_one()
    assert tries == 1
