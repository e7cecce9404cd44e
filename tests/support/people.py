"""People in an installation, made by the use cases: signed in, with 2FA on, or halfway through signing in."""

from dataclasses import dataclass, replace

from tests.support.authenticator_app import AuthenticatorApp
from tests.support.installation import CLIENT, PASSWORD
from tests.support.storm import own_network
from xpressbot.entrypoints.house import House
from xpressbot.entrypoints.http.form_subject import FIELD, FormSubject, FormSubjects, Holder
from xpressbot.identity.application.caller import Caller, Client
from xpressbot.identity.application.enrolling import OpenEnrolment
from xpressbot.identity.application.re_enrolment import Enrollee
from xpressbot.identity.application.registration import NewAccount
from xpressbot.identity.application.second_factor import RecoveryCodeText, SecondFactor
from xpressbot.identity.application.totp_enrolment import Confirmed
from xpressbot.identity.domain.account import Account
from xpressbot.identity.domain.otpauth import provisioning_uri
from xpressbot.identity.domain.outcomes import Done, EnrolmentRequired, SecondFactorRequired, SignedIn
from xpressbot.identity.domain.recovery_code import parse_code
from xpressbot.identity.domain.token import Token


@dataclass(frozen=True)
class Person:
    """Somebody with 2FA on, in the browser that turned it on."""

    caller: Caller
    phone: AuthenticatorApp
    secret: bytes
    codes: tuple[str, ...]

    @property
    def account(self) -> Account:
        """Their account as it was when the browser last asked."""
        return self.caller.account


def shown_to(house: House, subject_id: str, address: str) -> dict[str, str]:
    """The hidden field of a page that is shown to an account, or to whoever holds a link."""
    return {FIELD: FormSubjects(house.digest).value(FormSubject(subject_id, address, Holder.SESSION))}


def caller_with(house: House, session: Token, client: Client = CLIENT) -> Caller:
    """Whoever this session token belongs to."""
    caller = house.identity.sessions.resolve(replace(client, session=session))
    assert caller is not None
    return caller


def signed_in(house: House, email: str = "anna@example.com", password: str = PASSWORD, *, client: Client = CLIENT) -> Caller:
    """A new account, signed in with its password."""
    account = house.identity.registration.create(NewAccount(email, "Anna Berg", password))
    assert isinstance(account, Account), account
    outcome = house.identity.sign_in.begin(email, password, "/", client)
    assert isinstance(outcome, SignedIn), outcome
    return caller_with(house, outcome.session, client)


def enrolling(house: House, caller: Caller, *, replaces: str | None = None, lost: bool = False) -> tuple[AuthenticatorApp, bytes]:
    """A started enrolment: the phone that has read the QR code, and the secret."""
    assert isinstance(house.identity.totp_enrolment.start(caller, replaces=replaces, lost=lost), Done)
    return scanned(house, caller)


def scanned(house: House, caller: Caller) -> tuple[AuthenticatorApp, bytes]:
    """What the open enrolment shows: the phone that has read the QR code, and the secret."""
    enrolment = house.identity.totp_enrolment.view(caller)
    assert enrolment is not None
    uri = provisioning_uri(enrolment.secret, issuer="XpressBot", account=caller.account.email)
    return AuthenticatorApp(uri, house.clock), enrolment.secret


def adding(house: House, caller: Caller, name: str) -> AuthenticatorApp:
    """A started addition of one app more: the app that has read the QR code."""
    assert house.identity.authenticator_apps.add(caller, name) == Done()
    return scanned(house, caller)[0]


def added(house: House, caller: Caller, name: str) -> Caller:
    """The caller with one app more. The code of the previous step added it."""
    outcome = house.identity.totp_enrolment.confirm(caller, adding(house, caller, name).code(steps=-1))
    assert isinstance(outcome, Confirmed), outcome
    return caller_with(house, outcome.raised.session)


def protected(house: House, email: str = "anna@example.com", password: str = PASSWORD, *, saves_codes: bool = True) -> Person:
    """A new account with 2FA on. The code of the previous step turned it on, so that the current one is unused."""
    caller = signed_in(house, email, password)
    phone, secret = enrolling(house, caller)
    outcome = house.identity.totp_enrolment.confirm(caller, phone.code(steps=-1))
    assert isinstance(outcome, Confirmed), outcome
    caller = caller_with(house, outcome.raised.session)
    ledger = house.identity.recovery_codes.ledger(caller)
    assert ledger is not None
    assert ledger.shown is not None
    assert not saves_codes or house.identity.recovery_codes.keep(caller, ledger.code_set.id) == Done()
    return Person(caller, phone, secret, ledger.shown)


def pending(house: House, email: str = "anna@example.com", password: str = PASSWORD, *, client: Client = CLIENT) -> Token:
    """The token of a sign-in that waits for its second factor."""
    outcome = house.identity.sign_in.begin(email, password, "/", client)
    assert isinstance(outcome, SecondFactorRequired), outcome
    return outcome.pending


def from_elsewhere() -> Client:
    """A browser in a network of its own: of one network, thirty tries a minute are looked at."""
    return replace(CLIENT, address=own_network())


def reset(house: House, email: str = "anna@example.com", reason: str = "Phone and codes lost") -> Token:
    """An operator's reset: the token of the link."""
    token = house.identity.re_enrolment.reset(email, reason)
    assert isinstance(token, Token), token
    return token


def must_enrol(house: House, email: str = "anna@example.com", password: str = PASSWORD, *, client: Client = CLIENT) -> Token:
    """The token of a sign-in after a reset, that waits for the new app."""
    outcome = house.identity.sign_in.begin(email, password, "/", client)
    assert isinstance(outcome, EnrolmentRequired), outcome
    return outcome.pending


def enrolling_again(house: House, waiting: Token, link: Token, client: Client = CLIENT) -> tuple[Enrollee, AuthenticatorApp]:
    """A set-up before the session, started: who does it, and the phone that has read the QR code."""
    enrollee = house.identity.re_enrolment.enrollee(waiting, link, client)
    assert isinstance(enrollee, Enrollee), enrollee
    assert isinstance(house.identity.re_enrolment.start(enrollee), Done)
    enrolment = house.identity.re_enrolment.view(enrollee)
    assert isinstance(enrolment, OpenEnrolment), enrolment
    return enrollee, AuthenticatorApp(provisioning_uri(enrolment.secret, issuer="XpressBot", account=enrollee.pending.email), house.clock)


def completed(house: House, token: Token, factor: SecondFactor, *, client: Client = CLIENT) -> SignedIn:
    """Sign in with the right second factor."""
    outcome = house.identity.sign_in.verify_second_factor(token, factor, client)
    assert isinstance(outcome, SignedIn), outcome
    return outcome


def recovery_code(text: str) -> RecoveryCodeText:
    """A recovery code as the sign-in takes it."""
    characters = parse_code(text)
    assert characters is not None
    return RecoveryCodeText(characters)
