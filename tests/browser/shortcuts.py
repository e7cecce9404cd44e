"""What other tests prove by clicking, done at once: an account with 2FA on, a browser that is signed in."""

from dataclasses import dataclass, replace
from typing import Any

from tests.browser.person import Person
from tests.browser.site import Site
from tests.support import labels
from tests.support.authenticator_app import AuthenticatorApp
from tests.support.installation import CLIENT, PASSWORD
from tests.support.people import app_of, prove
from xpressbot.entrypoints.http.cookies import Cookie, Cookies
from xpressbot.entrypoints.http.factors.recovery_codes.presentation import parse_recovery_code
from xpressbot.foundation.tokens import Token
from xpressbot.identity.factors.totp.kind import Totp, TotpCode
from xpressbot.identity.factors.two_factor import InPlace
from xpressbot.identity.outcomes import SecondFactorRequired, SignedIn
from xpressbot.identity.sessions.caller import Caller, Client
from xpressbot.identity.sign_in.password_step import PasswordOutcome
from xpressbot.identity.sign_in.second_step import SecondStepOutcome


@dataclass(frozen=True)
class Protected:
    """An account with 2FA on: its phone, its recovery codes, and the session in which it was turned on."""

    phone: AuthenticatorApp
    codes: list[str]
    session: Token


def session_of(site: Site, email: str = "anna@example.com", *, recovery_code: str | None = None) -> Token:
    """Sign in with the password, and a recovery code where one is given."""
    identity = site.installation.services.identity
    outcome: PasswordOutcome | SecondStepOutcome = identity.password_step.begin(email, PASSWORD, "/", CLIENT)
    if recovery_code is not None:
        assert isinstance(outcome, SecondFactorRequired), outcome
        code = parse_recovery_code(recovery_code)
        assert code is not None
        outcome = prove(identity, outcome.pending, code, CLIENT)
    assert isinstance(outcome, SignedIn), outcome
    return outcome.session


def protect(site: Site, email: str = "anna@example.com") -> Protected:
    """Turn 2FA on, up to "Continue"."""
    identity = site.installation.services.identity
    caller = _caller(site, session_of(site, email))
    identity.two_factor.start(caller, Totp.name)
    enrolment = identity.two_factor.view(caller)
    assert enrolment is not None
    phone = app_of(enrolment, email, site.clock)
    enabled = identity.two_factor.confirm(caller, TotpCode(phone.code()))
    assert isinstance(enabled, InPlace), enabled
    caller = _caller(site, enabled.renewed.session)
    ledger = identity.recovery_codes.ledger(caller)
    assert ledger is not None
    assert ledger.shown is not None
    identity.recovery_codes.keep(caller, "")
    return Protected(phone, list(ledger.shown), enabled.renewed.session)


def arrive_signed_in(person: Person, session: Token | None = None) -> None:
    """Give the person's browser a session, of the password alone if none is given, and open the dashboard."""
    token = session or session_of(person.site, person.email)
    https = person.site.https
    name = Cookies(person.site.installation.services.settings).name(Cookie.SESSION)
    cookie: Any = {
        "name": name,
        "value": token.text,
        "url": person.site.url,
        "httpOnly": True,
        "secure": https,
        "sameSite": "Lax",
    }
    person.page.context.add_cookies([cookie])
    person.open("/")
    person.is_on(labels.DASHBOARD)


def _caller(site: Site, session: Token) -> Caller:
    client: Client = replace(CLIENT, session=session)
    caller = site.installation.services.identity.sessions.resolve(client)
    assert caller is not None
    return caller
