"""Everything identity can do, ready to be called. bootstrap.py builds it; entrypoints get nothing else of this wing."""

from dataclasses import dataclass
from typing import Final

from xpressbot.foundation.crypto.re_encryption import ReEncryption
from xpressbot.identity.administration.accounts import Administration
from xpressbot.identity.expiry.removal import RowExpiry
from xpressbot.identity.factors.recovery_codes.codes import COPY_TO_SHOW
from xpressbot.identity.factors.recovery_codes.use_cases import RecoveryCodes
from xpressbot.identity.factors.totp.apps import AuthenticatorApps
from xpressbot.identity.factors.totp.enrolment import TotpEnrolment
from xpressbot.identity.factors.totp.secrets import TOTP_SECRET
from xpressbot.identity.overview.account_page import AccountPage
from xpressbot.identity.registration.account_creation import Registration
from xpressbot.identity.sessions.lookup import Sessions
from xpressbot.identity.sign_in.password_step import SignIn
from xpressbot.identity.sign_in.re_enrolment import ReEnrolment
from xpressbot.identity.sign_in.step_up import Reauthentication

ENCRYPTED_COLUMNS: Final = (TOTP_SECRET, COPY_TO_SHOW)
"""All columns of this wing that hold secrets. A test sees that none is missing."""


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
    re_encryption: ReEncryption
    expiry: RowExpiry
