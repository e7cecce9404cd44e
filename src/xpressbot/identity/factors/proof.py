"""Checking a second factor against an account: one place for sign-in and step-up."""

from dataclasses import dataclass
from typing import assert_never

from xpressbot.foundation.crypto.encryption import KeyedDigests
from xpressbot.identity.factors.recovery_codes.rules import SavedCode
from xpressbot.identity.factors.rules import Authenticator, ClockSighting, tells_of_wrong_clock
from xpressbot.identity.factors.secrets import recovery_code_digest, totp_secret
from xpressbot.identity.factors.totp.rules import totp
from xpressbot.identity.outcomes import Denied, Reason
from xpressbot.identity.ports import UnitOfWork
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

    def __init__(self, digest: KeyedDigests) -> None:
        self._digest = digest

    def check(self, uow: UnitOfWork, account_id: str, factor: SecondFactor, client: Client, now: int) -> Proven | Denied:
        """Return Proven once for each code there is. A refusal says why, as far as that helps no guesser."""
        match factor:
            case TotpCode(digits):
                return self._check_totp(uow, account_id, digits, now)
            case RecoveryCodeText(characters):
                return self._check_recovery_code(uow, account_id, characters, client, now)
            case unknown:
                assert_never(unknown)

    def _check_totp(self, uow: UnitOfWork, account_id: str, code: str, now: int) -> Proven | Denied:
        authenticators = [authenticator for authenticator in uow.authenticators.active(account_id) if authenticator.is_usable]
        refusal = Denied(Reason.WRONG_CODE)
        for authenticator in authenticators:
            secret = totp_secret(uow, authenticator)
            step = totp.verify(secret, code, now)
            if step is None:
                refusal = _clock_refusal(uow, authenticator, totp.clock_offset(secret, code, now), now) or refusal
            elif uow.authenticators.consume_step(authenticator.id, step, now):
                return Proven(Method.TOTP)
            else:
                refusal = _used_code_refusal(uow, authenticator, step, now)
        return refusal

    def _check_recovery_code(self, uow: UnitOfWork, account_id: str, code: str, client: Client, now: int) -> Proven | Denied:
        digest = recovery_code_digest(self._digest, account_id, code)
        if uow.recovery_codes.consume(account_id, digest, client.user_agent, now):
            return Proven(Method.RECOVERY_CODE)
        return Denied(Reason.CODE_ALREADY_USED if uow.recovery_codes.look_up(account_id, digest) is SavedCode.USED else Reason.WRONG_CODE)


def _used_code_refusal(uow: UnitOfWork, authenticator: Authenticator, step: int, now: int) -> Denied:
    """A right code that opens nothing: it, or a later one, was used.

    Where the later one lies in the future, waiting does not help. Saying so tells that the code was right, so it stays refused
    when the operator has put the used step right.
    """
    used = max(step, authenticator.last_step or step)
    if used > totp.latest_credible_step(now):
        uow.authenticators.refuse_steps(authenticator.id, [step])
        return Denied(Reason.CLOCK_WAS_AHEAD)
    return Denied(Reason.CODE_ALREADY_USED, retry_at=max(totp.usable_again_at(used), totp.start_of_step(totp.step_at(now) + 1)))


def _clock_refusal(uow: UnitOfWork, authenticator: Authenticator, offset: int | None, now: int) -> Denied | None:
    """Remember a code that would be right on a wrong clock; say so once two of them agree.

    Saying so tells that the codes were right, so those whose time is still to come are refused from then on.
    """
    if offset is None:
        return None
    earlier, later = authenticator.sighting, ClockSighting(totp.step_at(now) + offset, offset, now)
    uow.authenticators.remember_sighting(authenticator.id, later)
    if earlier is None or not tells_of_wrong_clock(earlier, later):
        return None
    oldest_acceptable = totp.step_at(now) - totp.WINDOW_STEPS
    uow.authenticators.refuse_steps(authenticator.id, [step for step in (earlier.step, later.step) if step >= oldest_acceptable])
    return Denied(Reason.CLOCK_IS_OFF, clock_offset_seconds=clock_offset_seconds(offset))


def clock_offset_seconds(offset: int) -> int:
    """Steps as seconds; positive when the device is ahead."""
    return offset * totp.PERIOD_SECONDS
