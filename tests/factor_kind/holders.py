"""For each kind of factor, a person who has one: how it is set up, and how it is proven next."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import ClassVar

from tests.factor_kind.challenge_response.core.authenticator import Device
from tests.factor_kind.challenge_response.core.kind import Response, SetUpView
from tests.support.authenticator_app import AuthenticatorApp
from tests.support.installation import CLIENT, Installation
from tests.support.people import app_of, caller_with, claimant_of, from_elsewhere, pending, prove, recovery_code, signed_in
from xpressbot.foundation.tokens import Token
from xpressbot.identity.factors.enrolment_steps import OpenEnrolment
from xpressbot.identity.factors.kind import Challenge, Proof
from xpressbot.identity.factors.recovery_codes.kind import RecoveryCodeText
from xpressbot.identity.factors.totp.kind import TotpCode
from xpressbot.identity.factors.two_factor import InPlace
from xpressbot.identity.outcomes import Done
from xpressbot.identity.sessions.caller import Caller
from xpressbot.identity.sign_in.second_step import SecondStepOutcome


@dataclass
class Holder(ABC):
    """A person with 2FA on."""

    kind: ClassVar[str]
    set_up_kind: ClassVar[str]
    wrong: ClassVar[Proof]

    installation: Installation
    email: str = "anna@example.com"
    caller: Caller = field(init=False)
    codes: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        """Set 2FA up, and save the recovery codes."""
        services = self.installation.services
        caller = signed_in(services, self.email)
        assert services.identity.two_factor.start(caller, self.set_up_kind) == Done()
        enrolment = services.identity.two_factor.view(caller)
        assert enrolment is not None
        outcome = services.identity.two_factor.confirm(caller, self.first_proof(enrolment))
        assert isinstance(outcome, InPlace), outcome
        self.caller = caller_with(services, outcome.renewed.session)
        ledger = services.identity.recovery_codes.ledger(self.caller)
        assert ledger is not None
        assert ledger.shown is not None
        self.codes = ledger.shown
        assert services.identity.recovery_codes.keep(self.caller, ledger.code_set.id) == Done()
        self.installation.clock.advance(minutes=1)

    @abstractmethod
    def first_proof(self, enrolment: OpenEnrolment) -> Proof:
        """Take in what the set-up shows, and prove it."""

    @abstractmethod
    def proof(self, waiting: Token) -> Proof:
        """The next right proof, for a sign-in that waits for it."""

    def waiting(self) -> Token:
        """A sign-in in which the password was proven."""
        return pending(self.installation.services, self.email, client=from_elsewhere())

    def verify(self, waiting: Token, proof: Proof) -> SecondStepOutcome:
        """Prove the factor in a sign-in."""
        return prove(self.installation.services.identity, waiting, proof, CLIENT)


class TotpHolder(Holder):
    """Has an authenticator app."""

    kind = set_up_kind = TotpCode.kind
    wrong: ClassVar[Proof] = TotpCode("000000")
    app: AuthenticatorApp

    def first_proof(self, enrolment: OpenEnrolment) -> TotpCode:
        self.app = app_of(enrolment, self.email, self.installation.clock)
        return TotpCode(self.app.code())

    def proof(self, waiting: Token) -> Proof:
        return TotpCode(self.app.code())


class RecoveryCodeHolder(TotpHolder):
    """Has an authenticator app, and proves recovery codes."""

    kind = RecoveryCodeText.kind
    wrong: ClassVar[Proof] = RecoveryCodeText("0" * 16)

    def proof(self, waiting: Token) -> Proof:
        code, *rest = self.codes
        self.codes = tuple(rest)
        return recovery_code(code)


class ChallengeResponseHolder(Holder):
    """Has a device that answers challenges."""

    kind = set_up_kind = Response.kind
    wrong: ClassVar[Proof] = Response("0" * 32, 1, "0" * 64)
    device: Device

    def first_proof(self, enrolment: OpenEnrolment) -> Response:
        assert isinstance(enrolment.view, SetUpView)
        self.device = Device(enrolment.view.key)
        return self.device.answer(enrolment.view.challenge)

    def proof(self, waiting: Token) -> Response:
        services = self.installation.services
        challenge = services.identity.second_step.challenge(claimant_of(services, waiting), self.kind)
        assert isinstance(challenge, Challenge), challenge
        assert isinstance(challenge.shown, str)
        return self.device.answer(challenge.shown)


HOLDERS = (TotpHolder, RecoveryCodeHolder, ChallengeResponseHolder)
