"""Calls use cases as a browser would: it keeps the tokens it is given and sends them with the next call."""

from typing import TypeVar

from tests.support.authenticator_app import AuthenticatorApp
from tests.support.installation import CLIENT, PASSWORD, Installation
from tests.support.people import app_of, prove
from xpressbot.foundation.tokens import Token
from xpressbot.identity.factors.enrolment_steps import OpenEnrolment
from xpressbot.identity.factors.kind import Proof
from xpressbot.identity.factors.recovery_codes.kind import RecoveryCodeText
from xpressbot.identity.factors.recovery_codes.rules import parse_code
from xpressbot.identity.factors.totp.kind import Totp, TotpCode
from xpressbot.identity.factors.two_factor import InPlace
from xpressbot.identity.outcomes import (
    Denied,
    Done,
    EnrolmentRequired,
    NewPasswordRequired,
    Reason,
    SecondFactorRequired,
    SessionRenewed,
    SignedIn,
    StepUpRequired,
)
from xpressbot.identity.passwords.change import PasswordChanged, PasswordChangeOutcome
from xpressbot.identity.sessions.caller import Caller, Client, LockedCaller
from xpressbot.identity.sign_in.new_password_step import NewPasswordOutcome, Subscriber
from xpressbot.identity.sign_in.password_step import PasswordOutcome, PasswordStep
from xpressbot.identity.sign_in.re_enrolment import Enrollee

ANNA = "anna@example.com"
T = TypeVar("T")


class UseCaseBrowser:
    """One browser. Every method does what a page does: call, and keep the new tokens."""

    def __init__(
        self,
        installation: Installation,
        *,
        email: str = ANNA,
        address: str = CLIENT.address,
        user_agent: str = CLIENT.user_agent,
        password_step: PasswordStep | None = None,
    ) -> None:
        self.identity = installation.services.identity
        self.clock = installation.clock
        self.email, self.address, self.user_agent = email, address, user_agent
        self.session: Token | None = None
        self.device: Token | None = None
        self.pending: Token | None = None
        self.link: Token | None = None
        self._password_step = password_step or self.identity.password_step

    @property
    def client(self) -> Client:
        return Client(self.address, self.user_agent, self.session, self.device)

    @property
    def caller(self) -> Caller | None:
        """Who this browser is signed in as."""
        return self.identity.sessions.resolve(self.client)

    @property
    def me(self) -> Caller:
        """The signed-in person; there must be one."""
        caller = self.caller
        assert caller is not None
        return caller

    def begin(self, password: str = PASSWORD, email: str | None = None, next_path: str = "/") -> PasswordOutcome:
        return self._keep(self._password_step.begin(self.email if email is None else email, password, next_path, self.client))

    def prove(self, factor: Proof) -> SignedIn | NewPasswordRequired | Denied[Reason]:
        return self._keep(prove(self.identity, self.pending, factor, self.client))

    def code(self, digits: str) -> SignedIn | NewPasswordRequired | Denied[Reason]:
        return self.prove(TotpCode(digits))

    def recovery_code(self, text: str) -> SignedIn | NewPasswordRequired | Denied[Reason]:
        return self.prove(canonical(text))

    def sign_in(self, factor: Proof | None = None) -> "UseCaseBrowser":
        """Sign in all the way."""
        outcome = self.begin() if factor is None else (self.begin(), self.prove(factor))[1]
        assert isinstance(outcome, SignedIn), outcome
        return self

    @property
    def subscriber(self) -> Subscriber:
        """Who has only a new password left to set here before there is a session; there must be one."""
        subscriber = self.identity.new_password_step.subscriber(self.pending, self.client)
        assert isinstance(subscriber, Subscriber), subscriber
        return subscriber

    def set_password(self, password: str) -> NewPasswordOutcome:
        """The last step of a sign-in whose password is to be replaced."""
        return self._keep(self.identity.new_password_step.set(self.subscriber, password))

    def change_password(self, new: str, current: str = PASSWORD) -> PasswordChangeOutcome:
        return self._keep(self.identity.password_change.change(self.me, current, new))

    def confirm(self, password: str = PASSWORD, factor: Proof | None = None) -> SessionRenewed | Denied[Reason] | StepUpRequired:
        """Step up."""
        return self._keep(self.identity.step_up.confirm(self.me, password, factor))

    def unlock(self, password: str = PASSWORD) -> SessionRenewed | Denied[Reason] | StepUpRequired:
        """Give the password of a locked session."""
        locked = self.identity.sessions.recognise(self.client)
        assert isinstance(locked, LockedCaller)
        return self._keep(self.identity.unlock.unlock(locked, password))

    def start(self, *, replaces: str | None = None, lost: bool = False) -> AuthenticatorApp:
        """Start an enrolment, and scan what it shows."""
        assert Done() == self.identity.two_factor.start(self.me, Totp.name, replaces=replaces, lost=lost)
        return self.scan()

    def scan(self) -> AuthenticatorApp:
        view = self.identity.two_factor.view(self.me)
        assert view is not None
        return app_of(view, self.email, self.clock)

    def confirm_enrolment(self, code: str) -> InPlace | Denied[Reason] | StepUpRequired:
        return self._keep(self.identity.two_factor.confirm(self.me, TotpCode(code)))

    def enable(self, *, replaces: str | None = None, lost: bool = False) -> AuthenticatorApp:
        """Turn 2FA on, or move it."""
        return self._finish(self.start(replaces=replaces, lost=lost))

    def add(self, name: str) -> Done | Denied[Reason] | StepUpRequired:
        return self.identity.authenticators.add(self.me, Totp.name, name)

    def start_adding(self, name: str) -> AuthenticatorApp:
        """Begin to add an app, and scan what it shows."""
        assert Done() == self.add(name)
        return self.scan()

    def add_app(self, name: str) -> AuthenticatorApp:
        """Add one app more."""
        return self._finish(self.start_adding(name))

    def apps(self) -> dict[str, str]:
        """The ids of the apps by their names, the oldest first."""
        apps = {app.name: app.id for app in self.identity.authenticators.listed(self.me)}
        assert len(apps) == len(self.identity.authenticators.listed(self.me)), "two apps have one name"
        return apps

    def rename(self, app_id: str, name: str) -> Done | Denied[Reason] | StepUpRequired:
        return self.identity.authenticators.rename(self.me, app_id, name)

    def remove(self, app_id: str) -> SessionRenewed | Denied[Reason] | StepUpRequired:
        return self._keep(self.identity.authenticators.remove(self.me, app_id))

    @property
    def enrollee(self) -> Enrollee:
        """Who has to set up 2FA here before there is a session; there must be one."""
        enrollee = self.identity.re_enrolment.enrollee(self.pending, self.link, self.client)
        assert isinstance(enrollee, Enrollee), enrollee
        return enrollee

    def start_again(self) -> AuthenticatorApp:
        """After a reset: start to set up 2FA before the session, and scan what it shows."""
        assert Done() == self.identity.re_enrolment.start(self.enrollee, Totp.name)
        return self.scan_again()

    def scan_again(self) -> AuthenticatorApp:
        view = self.identity.re_enrolment.view(self.enrollee)
        assert isinstance(view, OpenEnrolment), view
        return app_of(view, self.email, self.clock)

    def confirm_again(self, code: str) -> SignedIn | NewPasswordRequired | Denied[Reason]:
        return self._keep(self.identity.re_enrolment.confirm(self.enrollee, TotpCode(code)))

    def enable_again(self) -> AuthenticatorApp:
        """After a reset: the password, with the link that this browser holds, up to the session."""
        assert isinstance(self.begin(), EnrolmentRequired)
        app = self.start_again()
        outcome = self.confirm_again(app.code())
        assert isinstance(outcome, SignedIn), outcome
        return app

    def disable(self) -> SessionRenewed | Denied[Reason] | StepUpRequired:
        return self._keep(self.identity.two_factor.disable(self.me))

    def shown_codes(self) -> tuple[str, ...] | None:
        """What the recovery codes page shows in clear."""
        ledger = self.identity.recovery_codes.ledger(self.me)
        return None if ledger is None else ledger.shown

    def codes(self) -> tuple[str, ...]:
        """The codes on the page; there must be ten."""
        codes = self.shown_codes()
        assert codes is not None
        assert len(codes) == 10
        return codes

    def keep_codes(self, set_id: str = "") -> SessionRenewed | Done | Denied[Reason] | StepUpRequired:
        """Press "Continue"."""
        return self._keep(self.identity.recovery_codes.keep(self.me, set_id))

    def reveal(self) -> Done | Denied[Reason] | StepUpRequired:
        return self.identity.recovery_codes.reveal(self.me)

    def regenerate(self) -> Done | Denied[Reason] | StepUpRequired:
        return self.identity.recovery_codes.regenerate(self.me)

    def _finish(self, app: AuthenticatorApp) -> AuthenticatorApp:
        outcome = self.confirm_enrolment(app.code())
        assert isinstance(outcome, InPlace), outcome
        return app

    def _keep(self, outcome: T) -> T:
        match outcome:
            case SignedIn(session, device, _):
                self.session, self.device, self.pending = session, device, None
            case SecondFactorRequired(pending) | EnrolmentRequired(pending) | NewPasswordRequired(pending):
                self.pending = pending
            case SessionRenewed(session) | InPlace(SessionRenewed(session)) | PasswordChanged(SessionRenewed(session)):
                self.session = session
        return outcome


def canonical(text: str) -> RecoveryCodeText:
    """A recovery code as a page passes it on."""
    code = parse_code(text)
    assert code is not None
    return RecoveryCodeText(code)
