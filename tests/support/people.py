"""People in an installation, made by the use cases: signed in, with 2FA on, or halfway through signing in."""

from dataclasses import dataclass, replace

from sqlalchemy import update

from tests.support.authenticator_app import AuthenticatorApp
from tests.support.concurrent_requests import own_network
from tests.support.installation import CLIENT, PASSWORD, with_confirmed_address
from tests.support.optional import present
from xpressbot.entrypoints.http.form_subject import FIELD, FormSubject, FormSubjects, Holder
from xpressbot.entrypoints.services import Services
from xpressbot.foundation.clock import Clock
from xpressbot.foundation.database.transaction import Transactions
from xpressbot.foundation.tokens import Token
from xpressbot.identity.accounts import store as account_store
from xpressbot.identity.accounts.rules.account import Account, PasswordStatus
from xpressbot.identity.accounts.rules.roles import Role
from xpressbot.identity.factors.enrolment_steps import OpenEnrolment
from xpressbot.identity.factors.kind import Proof
from xpressbot.identity.factors.recovery_codes.kind import RecoveryCodeText
from xpressbot.identity.factors.recovery_codes.rules import parse_code
from xpressbot.identity.factors.totp.kind import Totp, TotpCode, TotpSetUp
from xpressbot.identity.factors.totp.rules.otpauth import provisioning_uri
from xpressbot.identity.factors.two_factor import InPlace
from xpressbot.identity.links.rules import LIFETIME, LinkKind
from xpressbot.identity.outcomes import Denied, Done, EnrolmentRequired, Reason, SecondFactorRequired, SignedIn
from xpressbot.identity.registration.new_accounts import NewAccount
from xpressbot.identity.sessions.caller import Caller, Client
from xpressbot.identity.sign_in.re_enrolment import Enrollee
from xpressbot.identity.sign_in.second_step import Claimant, SecondStepOutcome
from xpressbot.identity.tables import ACCOUNT, AUTHENTICATOR
from xpressbot.identity.use_cases import Identity


@dataclass(frozen=True)
class Person:
    """A person with 2FA on, in the browser that turned it on."""

    caller: Caller
    phone: AuthenticatorApp
    secret: bytes
    codes: tuple[str, ...]

    @property
    def account(self) -> Account:
        """Their account as it was when the browser last asked."""
        return self.caller.account


def shown_to(services: Services, subject_id: str, address: str) -> dict[str, str]:
    """The hidden field of a page that is shown to an account, or to the person who holds a link."""
    return {FIELD: FormSubjects(services.digest).value(FormSubject(subject_id, address, Holder.SESSION))}


def caller_with(services: Services, session: Token, client: Client = CLIENT) -> Caller:
    """The person that this session token belongs to."""
    caller = services.identity.sessions.resolve(replace(client, session=session))
    assert caller is not None
    return caller


def session_by_password(services: Services, email: str, password: str = PASSWORD, *, client: Client = CLIENT) -> SignedIn:
    """Sign in to an account without 2FA: the password is enough."""
    outcome = services.identity.password_step.begin(email, password, "/", client)
    assert isinstance(outcome, SignedIn), outcome
    return outcome


def signed_in(
    services: Services, email: str = "anna@example.com", password: str = PASSWORD, *, client: Client = CLIENT, role: Role = Role.AGENT
) -> Caller:
    """A new account with a confirmed address, signed in with its password. The first is the owner's."""
    account = services.identity.registration.create(NewAccount(email, "Anna Berg", password), role)
    assert isinstance(account, Account), account
    with_confirmed_address(services, account)
    return caller_with(services, session_by_password(services, email, password, client=client).session, client)


def enrolment_steps(
    services: Services, caller: Caller, *, replaces: str | None = None, lost: bool = False
) -> tuple[AuthenticatorApp, bytes]:
    """A started enrolment: the phone that has read the QR code, and the secret."""
    assert isinstance(services.identity.two_factor.start(caller, Totp.name, replaces=replaces, lost=lost), Done)
    return scanned(services, caller)


def secret_of(enrolment: OpenEnrolment) -> bytes:
    """The secret that a set-up page shows."""
    assert isinstance(enrolment.view, TotpSetUp)
    return enrolment.view.secret


def app_of(enrolment: OpenEnrolment, email: str, clock: Clock) -> AuthenticatorApp:
    """The phone that has read the QR code of an open enrolment."""
    return AuthenticatorApp(provisioning_uri(secret_of(enrolment), issuer="XpressBot", account=email), clock)


def scanned(services: Services, caller: Caller) -> tuple[AuthenticatorApp, bytes]:
    """What the open enrolment shows: the phone that has read the QR code, and the secret."""
    enrolment = services.identity.two_factor.view(caller)
    assert enrolment is not None
    return app_of(enrolment, caller.account.email, services.clock), secret_of(enrolment)


def adding(services: Services, caller: Caller, name: str) -> AuthenticatorApp:
    """A started addition of one app more: the app that has read the QR code."""
    assert services.identity.authenticators.add(caller, Totp.name, name) == Done()
    return scanned(services, caller)[0]


def added(services: Services, caller: Caller, name: str) -> Caller:
    """The caller with one app more. The code of the previous step added it."""
    outcome = services.identity.two_factor.confirm(caller, TotpCode(adding(services, caller, name).code(steps=-1)))
    assert isinstance(outcome, InPlace), outcome
    return caller_with(services, outcome.renewed.session)


def protected(
    services: Services, email: str = "anna@example.com", password: str = PASSWORD, *, saves_codes: bool = True, role: Role = Role.AGENT
) -> Person:
    """A new account with 2FA on; the first is the owner's. The code of the previous step turned it on: the current one is unused."""
    caller = signed_in(services, email, password, role=role)
    phone, secret = enrolment_steps(services, caller)
    outcome = services.identity.two_factor.confirm(caller, TotpCode(phone.code(steps=-1)))
    assert isinstance(outcome, InPlace), outcome
    caller = caller_with(services, outcome.renewed.session)
    ledger = services.identity.recovery_codes.ledger(caller)
    assert ledger is not None
    assert ledger.shown is not None
    assert not saves_codes or services.identity.recovery_codes.keep(caller, ledger.code_set.id) == Done()
    return Person(caller, phone, secret, ledger.shown)


def pending(services: Services, email: str = "anna@example.com", password: str = PASSWORD, *, client: Client = CLIENT) -> Token:
    """The token of a sign-in that waits for its second factor."""
    outcome = services.identity.password_step.begin(email, password, "/", client)
    assert isinstance(outcome, SecondFactorRequired), outcome
    return outcome.pending


def from_elsewhere() -> Client:
    """A browser in a network of its own: of one network, thirty tries a minute are looked at."""
    return replace(CLIENT, address=own_network())


def trust_passwords(services: Services) -> None:
    """As if no wrong codes had shown that somebody else may know a password: for tests of what else they do."""
    with services.database.write() as connection:
        connection.execute(update(ACCOUNT).values(password_status=PasswordStatus.IN_USE.value))
        connection.commit()


def welcome_link(services: Services) -> Token:
    """The token of a link that makes the owner's account."""
    return present(services.identity.registration.issue_welcome_link())


def bound_long_ago(services: Services) -> None:
    """As if all authenticators had been confirmed before any link "This wasn't me" that still works was mailed."""
    with services.database.write() as connection:
        earlier = AUTHENTICATOR.c.confirmed_at - LIFETIME[LinkKind.NOT_ME]
        connection.execute(update(AUTHENTICATOR).values(confirmed_at=earlier))
        connection.commit()


def invitation(services: Services, email: str = "berta@example.com") -> Token:
    """An operator's invitation: the token of the link."""
    token = services.identity.invitations.issue(email)
    assert isinstance(token, Token), token
    return token


def invited_address(identity: Identity, token: Token | None) -> str | None:
    """The address that an open invitation is for."""
    pending_invitation = identity.joining.invited(token)
    return None if pending_invitation is None else pending_invitation.invitation.email


def not_me_link(services: Services, email: str = "anna@example.com") -> Token:
    """The token of a link "This wasn't me", as the sender of a notice makes it."""
    with Transactions(services.database).writing() as tx:
        account = account_store.by_email(tx, email)
        assert account is not None
        token = services.identity.this_wasnt_me.new_token()
        assert services.identity.this_wasnt_me.store_link(tx, account.id, token, services.clock.now())
        tx.commit()
    return token


def reset(services: Services, email: str = "anna@example.com", reason: str = "Phone and codes lost") -> Token:
    """An operator's reset: the token of the link."""
    token = services.identity.two_factor_reset.reset(email, reason)
    assert isinstance(token, Token), token
    return token


def must_enrol(services: Services, email: str = "anna@example.com", password: str = PASSWORD, *, client: Client = CLIENT) -> Token:
    """The token of a sign-in after a reset, that waits for the new app."""
    outcome = services.identity.password_step.begin(email, password, "/", client)
    assert isinstance(outcome, EnrolmentRequired), outcome
    return outcome.pending


def enrolling_again(services: Services, waiting: Token, link: Token | None, client: Client = CLIENT) -> tuple[Enrollee, AuthenticatorApp]:
    """A set-up before the session, started: who does it, and the phone that has read the QR code. link: None where none is needed."""
    enrollee = services.identity.re_enrolment.enrollee(waiting, link, client)
    assert isinstance(enrollee, Enrollee), enrollee
    assert isinstance(services.identity.re_enrolment.start(enrollee, Totp.name), Done)
    enrolment = services.identity.re_enrolment.view(enrollee)
    assert isinstance(enrolment, OpenEnrolment), enrolment
    return enrollee, app_of(enrolment, enrollee.pending.email, services.clock)


def claimant_of(services: Services, token: Token, client: Client = CLIENT) -> Claimant:
    """The person whom a second factor would sign in."""
    claimant = services.identity.second_step.claimant(token, client)
    assert isinstance(claimant, Claimant), claimant
    return claimant


def prove(identity: Identity, token: Token | None, factor: Proof, client: Client = CLIENT) -> SecondStepOutcome:
    """Send a second factor in a browser that holds this pending sign-in."""
    claimant = identity.second_step.claimant(token, client)
    return claimant if isinstance(claimant, Denied) else identity.second_step.verify(claimant, factor)


def completed(services: Services, token: Token, factor: Proof, *, client: Client = CLIENT) -> SignedIn:
    """Sign in with the right second factor."""
    outcome = prove(services.identity, token, factor, client)
    assert isinstance(outcome, SignedIn), outcome
    return outcome


def refused(outcome: object) -> Denied[Reason]:
    """The refusal that a use case has answered with."""
    assert isinstance(outcome, Denied), outcome
    return outcome


def recovery_code(text: str) -> RecoveryCodeText:
    """A recovery code as the sign-in takes it."""
    characters = parse_code(text)
    assert characters is not None
    return RecoveryCodeText(characters)
