"""The kind itself."""

import hashlib
import hmac
from dataclasses import dataclass, field
from typing import ClassVar, Final

from tests.factor_kind.challenge_response.core import store
from tests.factor_kind.challenge_response.core.store import KEY, StoredKey
from xpressbot.foundation.clock_and_entropy import System
from xpressbot.foundation.crypto.encryption import Encryption
from xpressbot.foundation.crypto.key_state import active_key_id
from xpressbot.foundation.database.transaction import Reading, Writing
from xpressbot.identity.factors import store as authenticator_store
from xpressbot.identity.factors.kind import ChallengingKind, PrimaryKind, Proof, ProofRefusal, Proven
from xpressbot.identity.factors.rules import Authenticator
from xpressbot.identity.outcomes import Denied
from xpressbot.identity.sessions.caller import Client

MOST_OPEN: Final = 5


@dataclass(frozen=True)
class Response:
    """What an authenticator answers."""

    kind: ClassVar[str] = "challenge_response"

    challenge: str
    counter: int
    mac: str


@dataclass(frozen=True)
class SetUpView:
    """What an authenticator takes in at its set-up: its key, and the challenge of its first answer."""

    key: bytes = field(repr=False)
    challenge: str


def mac_of(key: bytes, challenge: str, counter: int) -> str:
    """The right answer."""
    return hmac.new(key, f"{challenge}:{counter}".encode(), hashlib.sha256).hexdigest()


class ChallengeResponse(PrimaryKind, ChallengingKind):
    """Several authenticators and several open challenges an account; a challenge and a count are good for one answer."""

    name = Response.kind
    method = "hwk"
    encrypted_columns = (KEY,)
    expiring_rows = (store.EXPIRING_CHALLENGES,)
    at_restore = store.AT_RESTORE

    def __init__(self, encryption: Encryption, system: System) -> None:
        self._encryption = encryption
        self._system = system

    def challenge(self, tx: Writing, account_id: str, now: int) -> str:
        challenge = self._system.new_id()
        store.open_challenge(tx, challenge, account_id, now + store.LIFETIME, MOST_OPEN)
        return challenge

    def prepare(self, tx: Writing, authenticator: Authenticator) -> None:
        """Draw a key, and open the challenge that the authenticator's first answer is for: it has the authenticator's own id."""
        owner, row_id = authenticator.account_id, authenticator.id
        ciphertext = KEY.encrypt(self._encryption, active_key_id(tx), owner, row_id, self._system.entropy.token_bytes(32))
        store.add(tx, StoredKey(row_id, owner, ciphertext))

    def set_up_view(self, tx: Reading, authenticator: Authenticator) -> SetUpView:
        return SetUpView(self._key_of(store.find(tx, authenticator.id)), authenticator.id)

    def confirm(self, tx: Writing, authenticator: Authenticator, proof: Proof, now: int) -> Proven | Denied[ProofRefusal]:
        if not isinstance(proof, Response) or proof.challenge != authenticator.id:
            return Denied(ProofRefusal.WRONG_CODE)
        if not self._is_right(store.find(tx, authenticator.id), proof):
            return Denied(ProofRefusal.WRONG_CODE)
        is_first = store.use_up_counter(tx, authenticator.id, proof.counter, pending=True)
        return Proven(self.method) if is_first else Denied(ProofRefusal.CODE_ALREADY_USED)

    def check(self, tx: Writing, account_id: str, proof: Proof, client: Client, now: int) -> Proven | Denied[ProofRefusal]:
        if not isinstance(proof, Response):
            return Denied(ProofRefusal.WRONG_CODE)
        right = next((key for key in store.active(tx, account_id) if self._is_right(key, proof)), None)
        if right is None:
            return Denied(ProofRefusal.WRONG_CODE)
        if not store.use_up_challenge(tx, proof.challenge, account_id, now):
            return Denied(ProofRefusal.CODE_ALREADY_USED)
        if not store.use_up_counter(tx, right.id, proof.counter, pending=False):
            return Denied(ProofRefusal.CODE_ALREADY_USED)
        authenticator_store.note_use(tx, right.id, now)
        return Proven(self.method)

    def revoke(self, tx: Writing, authenticator_id: str) -> None:
        store.remove(tx, authenticator_id)

    def _is_right(self, key: StoredKey, proof: Response) -> bool:
        return hmac.compare_digest(mac_of(self._key_of(key), proof.challenge, proof.counter), proof.mac)

    def _key_of(self, key: StoredKey) -> bytes:
        return KEY.decrypt(self._encryption, key.account_id, key.id, key.ciphertext)
