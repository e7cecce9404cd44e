"""Checking a second factor against an account: one place for sign-in and step-up."""

from dataclasses import dataclass
from typing import assert_never

from xpressbot.foundation.crypto.encryption import Encryption, KeyedDigests
from xpressbot.foundation.database.transaction import Writing
from xpressbot.identity.factors import store as authenticator_store
from xpressbot.identity.factors.recovery_codes import store as recovery_code_store
from xpressbot.identity.factors.recovery_codes.codes import recovery_code_digest
from xpressbot.identity.factors.recovery_codes.rules import SavedCode
from xpressbot.identity.factors.rules import Authenticator, ClockSighting, tells_of_wrong_clock
from xpressbot.identity.factors.totp.rules import totp
from xpressbot.identity.factors.totp.secrets import totp_secret
from xpressbot.identity.outcomes import Denied, Reason
from xpressbot.identity.sessions.caller import Client
from xpressbot.identity.sessions.rules.assurance import Method


@dataclass(frozen=True, slots=True)
class Proven:
    """The factor was right, and is used up."""

    method: Method


@dataclass(frozen=True, slots=True)
class TotpCode:
    """Six digits from an authenticator app."""

    digits: str


@dataclass(frozen=True, slots=True)
class RecoveryCodeText:
    """A canonical recovery code."""

    characters: str


SecondFactor = TotpCode | RecoveryCodeText


def method_of(factor: SecondFactor) -> Method:
    """Which method it would prove."""
    return Method.TOTP if isinstance(factor, TotpCode) else Method.RECOVERY_CODE


class SecondFactorCheck:
    """Verifies and consumes. Must run in a unit of work that has locked the account."""

    def __init__(self, encryption: Encryption, digest: KeyedDigests) -> None:
        self._encryption = encryption
        self._digest = digest

    def check(self, tx: Writing, account_id: str, factor: SecondFactor, client: Client, now: int) -> Proven | Denied:
        """Return Proven once for each code there is. A refusal says why, as far as that helps no guesser."""
        match factor:
            case TotpCode(digits):
                return self._check_totp(tx, account_id, digits, now)
            case RecoveryCodeText(characters):
                return self._check_recovery_code(tx, account_id, characters, client, now)
            case unknown:
                assert_never(unknown)

    def _check_totp(self, tx: Writing, account_id: str, code: str, now: int) -> Proven | Denied:
        authenticators = [authenticator for authenticator in authenticator_store.active(tx, account_id) if authenticator.is_usable]
        refusal = Denied(Reason.WRONG_CODE)
        for authenticator in authenticators:
            secret = totp_secret(self._encryption, authenticator)
            step = totp.verify(secret, code, now)
            if step is None:
                refusal = _clock_refusal(tx, authenticator, totp.clock_offset(secret, code, now), now) or refusal
            elif authenticator_store.consume_step(tx, authenticator.id, step, now):
                return Proven(Method.TOTP)
            else:
                refusal = _used_code_refusal(tx, authenticator, step, now)
        return refusal

    def _check_recovery_code(self, tx: Writing, account_id: str, code: str, client: Client, now: int) -> Proven | Denied:
        digest = recovery_code_digest(self._digest, account_id, code)
        if recovery_code_store.consume(tx, account_id, digest, client.user_agent, now):
            return Proven(Method.RECOVERY_CODE)
        return Denied(
            Reason.CODE_ALREADY_USED if recovery_code_store.look_up(tx, account_id, digest) is SavedCode.USED else Reason.WRONG_CODE
        )


def _used_code_refusal(tx: Writing, authenticator: Authenticator, step: int, now: int) -> Denied:
    """A right code that opens nothing: it, or a later one, was used.

    Where the later one lies in the future, waiting does not help. Saying so tells that the code was right, so it stays refused
    when the operator has put the used step right.
    """
    used = max(step, authenticator.last_step or step)
    if used > totp.latest_credible_step(now):
        authenticator_store.refuse_steps(tx, authenticator.id, [step])
        return Denied(Reason.CLOCK_WAS_AHEAD)
    return Denied(Reason.CODE_ALREADY_USED, retry_at=max(totp.usable_again_at(used), totp.start_of_step(totp.step_at(now) + 1)))


def _clock_refusal(tx: Writing, authenticator: Authenticator, offset: int | None, now: int) -> Denied | None:
    """Remember a code that would be right on a wrong clock; say so once two of them agree.

    Saying so tells that the codes were right, so those whose time is still to come are refused from then on.
    """
    if offset is None:
        return None
    earlier, later = authenticator.sighting, ClockSighting(totp.step_at(now) + offset, offset, now)
    authenticator_store.remember_sighting(tx, authenticator.id, later)
    if earlier is None or not tells_of_wrong_clock(earlier, later):
        return None
    oldest_acceptable = totp.step_at(now) - totp.WINDOW_STEPS
    authenticator_store.refuse_steps(tx, authenticator.id, [step for step in (earlier.step, later.step) if step >= oldest_acceptable])
    return Denied(Reason.CLOCK_IS_OFF, clock_offset_seconds=clock_offset_seconds(offset))


def clock_offset_seconds(offset: int) -> int:
    """Steps as seconds; positive when the device is ahead."""
    return offset * totp.PERIOD_SECONDS
