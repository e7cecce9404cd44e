"""TOTP as a kind of factor (RFC 6238): codes of an authenticator app."""

from dataclasses import dataclass, field
from typing import ClassVar

from xpressbot.foundation.crypto.encryption import Encryption
from xpressbot.foundation.crypto.key_state import active_key_id
from xpressbot.foundation.database.transaction import Reading, Writing
from xpressbot.foundation.entropy import Entropy
from xpressbot.identity.factors import store as authenticator_store
from xpressbot.identity.factors.kind import PrimaryKind, Proof, ProofRefusal, Proven
from xpressbot.identity.factors.rules import Authenticator
from xpressbot.identity.factors.totp import store
from xpressbot.identity.factors.totp.doctor_checks import CLOCKS
from xpressbot.identity.factors.totp.rules import totp
from xpressbot.identity.factors.totp.rules.clock_sightings import ClockSighting, clock_offset_seconds, tells_of_wrong_clock
from xpressbot.identity.factors.totp.store import SECRET, TotpAuthenticator
from xpressbot.identity.outcomes import Denied
from xpressbot.identity.sessions.caller import Client


@dataclass(frozen=True, slots=True)
class TotpCode:
    """Six digits from an authenticator app."""

    kind: ClassVar[str] = store.KIND

    digits: str


@dataclass(frozen=True, slots=True)
class TotpSetUp:
    """What the set-up page shows: the secret in clear, for the app to take."""

    secret: bytes = field(repr=False)


class Totp(PrimaryKind):
    """Authenticator apps."""

    name = TotpCode.kind
    method = "otp"
    encrypted_columns = (SECRET,)
    at_restore = store.AT_RESTORE
    doctor_checks = (CLOCKS,)

    def __init__(self, encryption: Encryption, entropy: Entropy) -> None:
        self._encryption = encryption
        self._entropy = entropy

    def prepare(self, tx: Writing, authenticator: Authenticator) -> None:
        """Draw a secret."""
        secret = self._entropy.token_bytes(totp.SECRET_BYTES)
        store.add(
            tx, authenticator, SECRET.encrypt(self._encryption, active_key_id(tx), authenticator.account_id, authenticator.id, secret)
        )

    def set_up_view(self, tx: Reading, authenticator: Authenticator) -> TotpSetUp:
        return TotpSetUp(self._secret_of(store.find(tx, authenticator.id)))

    def confirm(self, tx: Writing, authenticator: Authenticator, proof: Proof, now: int) -> Proven | Denied[ProofRefusal]:
        """Check the first code. A clock that is off is told at once: the person at the set-up page has the secret anyway.

        The sighting is kept for the operator, who may see by several of them that it is the server's clock.
        """
        if not isinstance(proof, TotpCode):
            return Denied(ProofRefusal.WRONG_CODE)
        secret = self._secret_of(store.find(tx, authenticator.id))
        step = totp.verify(secret, proof.digits, now)
        if step is not None:
            return Proven(self.method) if store.consume_first_step(tx, authenticator.id, step) else Denied(ProofRefusal.CODE_ALREADY_USED)
        offset = totp.clock_offset(secret, proof.digits, now)
        if offset is None:
            return Denied(ProofRefusal.WRONG_CODE)
        store.remember_sighting(tx, authenticator.id, ClockSighting(totp.step_at(now) + offset, offset, now))
        return Denied(ProofRefusal.CLOCK_IS_OFF, clock_offset_seconds=clock_offset_seconds(offset))

    def check(self, tx: Writing, account_id: str, proof: Proof, client: Client, now: int) -> Proven | Denied[ProofRefusal]:
        """Compare a code with all apps of the account; a right one uses up its time step (RFC 6238 section 5.2)."""
        del client
        refusal = Denied(ProofRefusal.WRONG_CODE)
        if not isinstance(proof, TotpCode):
            return refusal
        for app in store.active(tx, account_id):
            secret = self._secret_of(app)
            step = totp.verify(secret, proof.digits, now)
            if step is None:
                refusal = _clock_refusal(tx, app, totp.clock_offset(secret, proof.digits, now), now) or refusal
            elif store.consume_step(tx, app.id, step):
                authenticator_store.note_use(tx, app.id, now)
                return Proven(self.method)
            else:
                refusal = _used_code_refusal(tx, app, step, now)
        return refusal

    def revoke(self, tx: Writing, authenticator_id: str) -> None:
        """Forget the secret."""
        store.remove(tx, authenticator_id)

    def after_restore(self, tx: Writing, now: int) -> None:
        """No code that an app has shown until now counts: one used since the backup was made is unknown to the copy."""
        store.use_up_steps(tx, totp.last_step_accepted_at(now))

    def reset_clock(self, tx: Writing, account_id: str, now: int) -> int:
        """Bring used steps of the future back to the present one, so that no code is good twice and the next ones are good again."""
        return store.bring_back(tx, account_id, totp.latest_credible_step(now), totp.step_at(now))

    def _secret_of(self, app: TotpAuthenticator) -> bytes:
        return SECRET.decrypt(self._encryption, app.account_id, app.id, app.secret)


def _used_code_refusal(tx: Writing, app: TotpAuthenticator, step: int, now: int) -> Denied[ProofRefusal]:
    """A right code that opens nothing: it, or a later one, was used.

    Where the later one lies in the future, waiting does not help. Saying so tells that the code was right, so it stays refused when the
    operator has put the used step right.
    """
    used = max(step, app.last_step or step)
    if used > totp.latest_credible_step(now):
        store.refuse_steps(tx, app.id, [step])
        return Denied(ProofRefusal.CLOCK_WAS_AHEAD)
    return Denied(ProofRefusal.CODE_ALREADY_USED, retry_at=max(totp.usable_again_at(used), totp.start_of_step(totp.step_at(now) + 1)))


def _clock_refusal(tx: Writing, app: TotpAuthenticator, offset: int | None, now: int) -> Denied[ProofRefusal] | None:
    """Remember a code that would be right on a wrong clock; say so once two of them agree.

    Saying so tells that the codes were right, so those whose time is still to come are refused from then on.
    """
    if offset is None:
        return None
    earlier, later = app.sighting, ClockSighting(totp.step_at(now) + offset, offset, now)
    store.remember_sighting(tx, app.id, later)
    if earlier is None or not tells_of_wrong_clock(earlier, later):
        return None
    oldest_acceptable = totp.step_at(now) - totp.WINDOW_STEPS
    store.refuse_steps(tx, app.id, [step for step in (earlier.step, later.step) if step >= oldest_acceptable])
    return Denied(ProofRefusal.CLOCK_IS_OFF, clock_offset_seconds=clock_offset_seconds(offset))
