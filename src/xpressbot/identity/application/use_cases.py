"""Everything identity can do, ready to be called. bootstrap.py builds it; entrypoints get nothing else of this wing."""

from dataclasses import dataclass

from xpressbot.identity.application.account_page import AccountPage
from xpressbot.identity.application.administration import Administration
from xpressbot.identity.application.authenticator_apps import AuthenticatorApps
from xpressbot.identity.application.re_enrolment import ReEnrolment
from xpressbot.identity.application.reauthentication import Reauthentication
from xpressbot.identity.application.recovery_codes import RecoveryCodes
from xpressbot.identity.application.registration import Registration
from xpressbot.identity.application.resealing import Resealing
from xpressbot.identity.application.sessions import Sessions
from xpressbot.identity.application.sign_in import SignIn
from xpressbot.identity.application.sweeping import Sweeping
from xpressbot.identity.application.totp_enrolment import TotpEnrolment


@dataclass(frozen=True, slots=True)
class Identity:
    """The use cases."""

    sign_in: SignIn
    sessions: Sessions
    reauthentication: Reauthentication
    totp_enrolment: TotpEnrolment
    authenticator_apps: AuthenticatorApps
    recovery_codes: RecoveryCodes
    re_enrolment: ReEnrolment
    account_page: AccountPage
    registration: Registration
    administration: Administration
    resealing: Resealing
    sweeping: Sweeping
